// Pointers and keys on the stage: look, pin, zoom, pan. Before it: the user. After it: stage, state.
import { announce, byId } from './dom.js';
import { remove, stepPicture } from './pictures.js';
import { instanceAt } from './results.js';
import { fit, isZoomed, pan, pictureSize, reveal, stageView, zoom } from './stage.js';
import { focused, hover, shown, state, stepFocus, togglePin } from './state.js';
import { toPicture } from './view.js';

/** Pointers that are down: id → { x, y }. */
const pointers = new Map();
let travelled = 0;
const clickSlack = 5;

export function startStageInput() {
  const stage = byId('stage');
  stage.addEventListener('pointerdown', pointerDown);
  stage.addEventListener('pointermove', pointerMove);
  stage.addEventListener('pointerup', pointerUp);
  stage.addEventListener('pointercancel', ({ pointerId }) => pointers.delete(pointerId));
  stage.addEventListener('pointerleave', () => pointers.size === 0 && hover(null));
  stage.addEventListener('wheel', wheel, { passive: false });
  stage.addEventListener('dblclick', (event) => (isZoomed() ? fit() : zoom(2.5, placeOf(event))));
  stage.addEventListener('keydown', keyDown);
  stage.addEventListener('blur', () => hover(null));
}

function placeOf({ clientX, clientY }) {
  const { left, top } = byId('stage').getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

function instanceUnder(event) {
  const size = pictureSize();
  const { x, y } = toPicture(stageView(), placeOf(event));
  const isInside = size && x >= 0 && y >= 0 && x < size.width && y < size.height;
  return isInside ? instanceAt(shown(), size.height, x, y) : null;
}

function pointerDown(event) {
  if (event.target.closest('button, a, input') || event.button > 0) return;
  pointers.set(event.pointerId, placeOf(event));
  if (pointers.size === 1) travelled = 0;
  if (event.pointerType === 'mouse') byId('stage').setPointerCapture(event.pointerId); // a finger may scroll the page
}

function pointerMove(event) {
  const before = pointers.get(event.pointerId);
  if (!before) return void (event.pointerType !== 'touch' && hover(instanceUnder(event)));
  const now = placeOf(event);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  pointers.set(event.pointerId, now);
  travelled += Math.hypot(now.x - before.x, now.y - before.y);
  if (other) pinch(before, now, other);
  else if (travelled > clickSlack && (isZoomed() || event.pointerType === 'mouse'))
    pan(now.x - before.x, now.y - before.y);
}

function pinch(before, now, other) {
  travelled = Infinity; // no click
  const distance = (a) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
  zoom(distance(now) / distance(before), middle);
  pan((now.x - before.x) / 2, (now.y - before.y) / 2);
}

function pointerUp(event) {
  const wasDown = pointers.delete(event.pointerId);
  if (!wasDown || travelled > clickSlack || pointers.size > 0) return;
  const instance = instanceUnder(event);
  if (instance) togglePin(instance);
  else if (state.pinned) togglePin(state.pinned);
  hover(event.pointerType === 'touch' ? null : instance);
}

function wheel(event) {
  const isPageScrolled = document.documentElement.scrollHeight > document.documentElement.clientHeight; // as on narrow screens
  if (!state.current || (isPageScrolled && !event.ctrlKey && !isZoomed())) return;
  event.preventDefault();
  const pixels = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
  zoom(Math.exp(-Math.max(-300, Math.min(300, pixels)) / 350), placeOf(event));
}

const step = (by) => () => {
  stepFocus(by);
  const focus = focused();
  if (!focus) return;
  reveal(focus);
  announce(`${shown().indexOf(focus) + 1} of ${shown().length}: ${focus.name}, ${focus.score.toFixed(2)}`);
};

const keys = {
  ArrowRight: step(1),
  ArrowDown: step(1),
  ArrowLeft: step(-1),
  ArrowUp: step(-1),
  Home: step(-Infinity),
  End: step(Infinity),
  'Shift+ArrowRight': () => pan(-60, 0),
  'Shift+ArrowLeft': () => pan(60, 0),
  'Shift+ArrowDown': () => pan(0, -60),
  'Shift+ArrowUp': () => pan(0, 60),
  '+': () => zoom(1.25),
  '=': () => zoom(1.25),
  '-': () => zoom(0.8),
  0: fit,
  Enter: () => focused() && togglePin(focused()),
  ' ': () => focused() && togglePin(focused()),
  Escape: () => (hover(null), state.pinned && togglePin(state.pinned)),
  PageDown: () => stepPicture(1),
  PageUp: () => stepPicture(-1),
  Delete: () => state.current && remove(state.current),
};

/** Also for the list: the same keys do the same there. */
export function keyDown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('button, input, a')) return;
  const isShifted = event.shiftKey && event.key.startsWith('Arrow');
  const act = keys[isShifted ? `Shift+${event.key}` : event.key];
  if (!act || !state.current) return;
  event.preventDefault();
  act();
}
