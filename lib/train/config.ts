// The configuration of a training run: checked, with its defaults. Before it: schema.ts; a user's object, or config-file.ts.
// After it: resolve.ts, which turns it into numbers for one data set.
import { toJSONSchema, type z } from 'zod';
import type { MimdetError } from '../errors.js';
import { closest, expected, show, Words } from '../validate.js';
import { trainSchema } from './schema.js';

/** What a user writes: docs/training.md has every key. `data` and `model` may be a single word. */
export type TrainConfig = Omit<z.input<typeof trainSchema>, 'data' | 'model'> & {
  data: string | z.input<typeof trainSchema>['data'];
  model?: string | z.input<typeof trainSchema>['model'];
};

/** The same with all defaults that do not depend on the data. */
export type CheckedConfig = z.output<typeof trainSchema>;

/**
 * @throws ERR_MIMDET_INVALID_ARGUMENT, naming the first key that is wrong, as in "Expected … for `optimizer.lr` but received …"
 */
export function readTrainConfig(config: unknown): CheckedConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw expected('an object', 'config', config);
  const whole = spellOut(config as Record<string, unknown>);
  const parsed = trainSchema.safeParse(whole);
  if (!parsed.success) throw firstError(parsed.error.issues, whole);
  checkTogether(parsed.data);
  return parsed.data;
}

/** `data: folder` and `model: tiny` are short for `data: { path: folder }` and `model: { preset: tiny }`. */
function spellOut(config: Record<string, unknown>): Record<string, unknown> {
  const { data, model } = config;
  const short: Record<string, unknown> = {};
  if (typeof data === 'string') short['data'] = { path: data };
  if (typeof model === 'string') short['model'] = /\.json$/i.test(model) ? { config: model } : { preset: model };
  return { ...config, ...short };
}

function checkTogether({ schedule, model, optimizer }: CheckedConfig): void {
  if (schedule.steps !== undefined && schedule.epochs !== undefined)
    throw expected('steps or epochs, not both,', 'schedule', new Words('both'));
  if (schedule.batch % schedule.accumulate !== 0)
    throw expected(`a number that divides the batch of ${schedule.batch}`, 'schedule.accumulate', schedule.accumulate);
  if (model.preset !== undefined && model.config !== undefined)
    throw expected('preset or config, not both,', 'model', new Words('both'));
  if (optimizer.lr !== undefined && optimizer.baseLr !== undefined)
    throw expected('lr or baseLr, not both,', 'optimizer', new Words('both'));
}

type Issue = z.core.$ZodIssue;

function firstError(issues: readonly Issue[], config: unknown): MimdetError {
  // A misspelt key explains a missing one, so it is told first.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  if (issue.code === 'unrecognized_keys') return unknownKey(issue.path.map(String), issue.keys[0]!);
  const value = valueAt(config, issue.path);
  return expected(
    issue.message,
    placeName(issue.path),
    value === undefined ? new Words('nothing') : new Words(show(value) + slip(issue, value)),
  );
}

/** `augment.sizes[1]` */
function placeName(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
}

/** For a misspelt word of a few. */
function slip(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return '';
  const near = closest(value, issue.values.map(String));
  return near === undefined ? '' : ` (did you mean ${JSON.stringify(near)}?)`;
}

function valueAt(config: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], config);
}

function unknownKey(section: string[], key: string): MimdetError {
  const places = keyPlaces();
  const beside = places.filter(
    (place) => place.length === section.length + 1 && section.every((name, i) => place[i] === name),
  );
  const names = beside.map((place) => place.at(-1)!);
  const near = closest(key, names) ?? elsewhere(places, key);
  const hint = near === undefined ? '' : ` (did you mean ${JSON.stringify(near)}?)`;
  const name = section.join('.') || 'config';
  return expected(`one of ${names.join(', ')}`, name, new Words(show(key) + hint));
}

/** `lr` at the top is meant as `optimizer.lr`. */
function elsewhere(places: string[][], key: string): string | undefined {
  const leaves = places.map((place) => place.at(-1)!);
  const near = leaves.includes(key) ? key : closest(key, leaves);
  return places.find((place) => place.at(-1) === near)?.join('.');
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
  [key: string]: unknown;
}

function keyPlaces(schema = toJSONSchema(trainSchema, { io: 'input' }) as JsonSchema, at: string[] = []): string[][] {
  const members = [schema, ...(schema.anyOf ?? [])]; // a section may be given as `true` too
  return members
    .flatMap(({ properties }) => Object.entries(properties ?? {}))
    .flatMap(([key, inner]) => [[...at, key], ...keyPlaces(inner, [...at, key])]);
}

/** The published JSON schema (schema/train.schema.json). */
export function trainJsonSchema(): object {
  const schema = toJSONSchema(trainSchema, { io: 'input' }) as JsonSchema;
  const { data, model } = schema.properties!;
  return {
    ...schema,
    title: 'mimdet training configuration',
    properties: {
      ...schema.properties,
      data: { anyOf: [{ type: 'string', description: 'Short for data.path.' }, data] },
      model: { anyOf: [{ type: 'string', description: 'Short for model.preset, or a JSON file for model.config.' }, model] },
    },
  };
}
