// The pictures and what is asked of the server for them: a few at a time, the current one first, again where the server is busy.
// Before it: drop, paste, choose; the model and the sample ratio. After it: state.
import { detect } from './client.js';
import { readResult } from './results.js';
import { state, tell } from './state.js';

export const mostPictures = 200;
const atOnce = 3;
const mostTries = 6;
let nextId = 1;

/**
 * A picture: `file`, `status` ('waiting', 'sending', 'computing', 'busy', 'done', 'failed'), `progress` of the sending (0 to 1),
 * `result` (the last one, or null), `problem` (a problem document, or null), `roundTripMs`, `request` (its AbortController,
 * or null).
 */
function newPicture(file) {
  const id = nextId++;
  const name = file.name || `pasted ${id}`;
  return { id, file, name, status: 'waiting', progress: 0, result: null, problem: null, roundTripMs: 0, request: null };
}

/** Adds files and shows the first of them. @returns how many found no room */
export function addFiles(files) {
  const room = Math.max(0, mostPictures - state.pictures.length);
  const added = [...files].slice(0, room).map(newPicture);
  state.pictures.push(...added);
  if (added.length > 0) select(added[0]);
  tell('pictures');
  pump();
  return files.length - added.length;
}

export function select(picture) {
  Object.assign(state, { current: picture, hovered: null, pinned: null });
  tell('current');
  tell('pictures');
}

/** The picture after the current one, or before it. */
export function stepPicture(by) {
  const next = state.pictures[state.pictures.indexOf(state.current) + by];
  if (next) select(next);
}

export function remove(picture) {
  const at = state.pictures.indexOf(picture);
  picture.request?.abort();
  state.pictures.splice(at, 1);
  if (state.current === picture) select(state.pictures[at] ?? state.pictures[at - 1] ?? null);
  tell('pictures');
}

/** Asks anew: all, or those for which `wanted` answers true. What was found before stays until there is an answer. */
export function restart(wanted = () => true) {
  for (const picture of state.pictures.filter(wanted)) {
    picture.request?.abort();
    Object.assign(picture, { status: 'waiting', request: null, problem: null });
  }
  tell('pictures');
  pump();
}

function pump() {
  const waiting = state.pictures.filter(({ status }) => status === 'waiting');
  waiting.sort((a, b) => Number(b === state.current) - Number(a === state.current));
  const free = atOnce - state.pictures.filter(({ request }) => request).length;
  for (const picture of waiting.slice(0, Math.max(0, free))) void work(picture);
}

/** One picture, from its request to its result or problem. An aborted request leaves the picture to whoever aborted it. */
async function work(picture) {
  const request = new AbortController();
  Object.assign(picture, { request, problem: null });
  try {
    const started = performance.now();
    const result = readResult(await askUntilTaken(picture, request.signal));
    if (request.signal.aborted) return;
    Object.assign(picture, { result, status: 'done', roundTripMs: performance.now() - started });
  } catch (error) {
    if (request.signal.aborted) return;
    const problem = error.problem ?? { title: 'Not understood', detail: error.message };
    Object.assign(picture, { status: 'failed', problem });
  } finally {
    if (picture.request === request) picture.request = null;
    if (!request.signal.aborted) settled(picture);
    pump();
  }
}

function settled(picture) {
  if (picture === state.current) {
    Object.assign(state, { hovered: null, pinned: null });
    tell('current');
  }
  tell('pictures');
}

async function askUntilTaken(picture, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(picture, signal);
    } catch (error) {
      const isBusy = [429, 503].includes(error.problem?.status);
      if (!isBusy || tries === mostTries || signal.aborted) throw error;
      setStatus(picture, 'busy');
      await pause(Math.min(60, Math.max(error.retryAfter, 2 ** (tries - 2))) * 1000, signal);
    }
  }
}

function ask(picture, signal) {
  const onProgress = (share) => {
    picture.progress = share;
    if (!signal.aborted) setStatus(picture, share < 1 ? 'sending' : 'computing');
  };
  picture.progress = 0;
  setStatus(picture, 'sending');
  return detect(picture.file, { model: state.model, ratio: state.ratio, signal, onProgress });
}

function setStatus(picture, status) {
  picture.status = status;
  tell('pictures');
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)));
  });
}

/** In words. */
export function statusText({ status, progress, problem, result }) {
  const texts = {
    waiting: 'waiting',
    sending: `sending ${Math.round(progress * 100)} %`,
    computing: 'looking',
    busy: 'the server is busy, trying again',
    done: result && `${result.instances.length} found`,
    failed: problem?.title ?? 'failed',
  };
  return texts[status];
}
