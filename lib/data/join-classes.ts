// One list of classes for both parts of a training run: the names of the first, then those that only the second has.
// Before it: drafts of both parts. After it: check-objects, with classes by the joined numbers.
import type { Draft } from './draft.js';

const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');

/** Renumbers a draft's classes by `classes`; categories keep their ids where no other has them. */
function renumber(draft: Draft, classes: readonly string[], categoryIds: readonly number[]): void {
  const numbers = new Map(classes.map((name, classId) => [name, classId]));
  const moved = draft.classes.map((name) => numbers.get(name)!);
  for (const picture of draft.pictures) for (const object of picture.objects) object.classId = moved[object.classId]!;
  draft.labels = classes.map((name) => draft.labels[draft.classes.indexOf(name)] ?? name);
  draft.classes = [...classes];
  draft.categoryIds = [...categoryIds];
}

/** Changes both drafts. @returns sentences for the user where the lists differ */
export function joinClasses(train: Draft, val: Draft): string[] {
  const isEqual = train.classes.length === val.classes.length && train.classes.every((name, i) => name === val.classes[i]);
  if (isEqual) return [];
  const known = new Set(train.classes);
  const more = val.classes.filter((name) => !known.has(name));
  const ids = new Set(train.categoryIds);
  let free = Math.max(0, ...train.categoryIds);
  const moreIds = more.map((name) => {
    const own = val.categoryIds[val.classes.indexOf(name)]!;
    const id = ids.has(own) ? ++free : own;
    ids.add(id);
    free = Math.max(free, id);
    return id;
  });
  const classes = [...train.classes, ...more];
  const categoryIds = [...train.categoryIds, ...moreIds];
  renumber(train, classes, categoryIds);
  renumber(val, classes, categoryIds);
  const missing = classes.filter((name) => !known.has(name));
  const note = 'The parts list other classes: they were joined by their names, in the order of the training part';
  return [
    missing.length === 0 ? `${note}.` : `${note}; only the validation part has ${quoted(missing)}, which cannot be learnt.`,
  ];
}
