// All that the page knows, and who wants to hear of it. Before it: whatever the user does. After it: everything that shows
// something.
import { colouring } from './colours.js';
import { visibleOf } from './results.js';

export const state = {
  /** See pictures.js. */
  pictures: [],
  /** One of them, or null. */
  current: null,
  models: [],
  /** A name, or null for the server's default. */
  model: null,
  threshold: 0.25,
  ratio: 1,
  /** Names of classes that are not shown. */
  hidden: new Set(),
  /** Instances of the current picture, or null: under the pointer or reached by key, and clicked. */
  hovered: null,
  pinned: null,
  layers: { masks: true, boxes: true, labels: true },
};

const listeners = new Map();

/**
 * @param {string} topics separated by spaces: `models`, `pictures` (the list, or how far one is), `current` (another picture, or
 *   another result of it), `filter` (which instances are shown), `focus`, `layers`
 */
export function on(topics, listener) {
  for (const topic of topics.split(' ')) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

export function tell(topic) {
  if (topic === 'current' || topic === 'filter') cached = null;
  for (const listener of listeners.get(topic) ?? []) listener();
}

let cached = null;

/** Of the current picture: what is shown, best first. */
export function shown() {
  const result = state.current?.result;
  cached ??= result ? visibleOf(result.instances, state.threshold, state.hidden) : [];
  return cached;
}

/** What stands out: the hovered instance, else the pinned one; null where it is not shown. */
export function focused() {
  const instance = state.hovered ?? state.pinned;
  return instance && shown().includes(instance) ? instance : null;
}

export function hover(instance) {
  if (state.hovered === instance) return;
  state.hovered = instance;
  tell('focus');
}

/** Pins, or lets go where it is pinned already. */
export function togglePin(instance) {
  state.pinned = state.pinned === instance ? null : instance;
  tell('focus');
}

/** The next instance in the order of the list, or the one before. */
export function stepFocus(by) {
  const list = shown();
  if (list.length === 0) return;
  const at = list.indexOf(focused());
  hover(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))]);
}

let colours = { of: null, use: null };

/** By instance: its colour on the current picture. */
export function colourFor(instance) {
  const instances = state.current?.result?.instances ?? [];
  if (colours.of !== instances) colours = { of: instances, use: colouring(instances) };
  return colours.use(instance);
}
