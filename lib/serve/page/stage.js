// The stage: the canvas with the current picture and what is shown of it, always as large as its place. Before it: state.
// After it: scene. It holds the view; stage-input moves it.
import { bitmapOf } from './bitmaps.js';
import { byId, framed } from './dom.js';
import { paintHighlight, paintMasks } from './mask-layer.js';
import { drawScene } from './scene.js';
import { colourFor, focused, on, shown, state } from './state.js';
import { fitView, panView, showBox, zoomView } from './view.js';

/** Of mask layers, in pixels: as fine as screens are, and small enough to be painted within a frame or two. */
const longestLayer = 2048;

const stage = { width: 1, height: 1 };
let view = { scale: 1, x: 0, y: 0 };
let isFitted = true;
let base = { of: null, bitmap: null };
let masks = null;
let highlight = null;

export const stageView = () => view;
export const isZoomed = () => !isFitted;

/** Size of the current picture: the result's, else the bitmap's. */
export function pictureSize() {
  const { result } = state.current ?? {};
  if (result) return { width: result.width, height: result.height };
  return base.bitmap && base.of === state.current ? { width: base.bitmap.width, height: base.bitmap.height } : null;
}

export function startStage() {
  new ResizeObserver(resize).observe(byId('stage'));
  on('current', () => void showCurrent());
  on('current filter', () => ((masks = null), redraw()));
  on('focus', refocus);
  on('layers', redraw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
}

function resize() {
  const { clientWidth, clientHeight } = byId('stage');
  Object.assign(stage, { width: Math.max(1, clientWidth), height: Math.max(1, clientHeight) });
  if (isFitted) fit();
  else pan(0, 0);
}

async function showCurrent() {
  const picture = state.current;
  highlight = null;
  if (base.of === picture) return void (isFitted && fit()); // a new result leaves the view as it is
  base = { of: picture, bitmap: null };
  fit();
  const bitmap = picture && (await bitmapOf(picture));
  if (base.of !== picture) return;
  base.bitmap = bitmap;
  if (picture) picture.cannotShow = !bitmap;
  fit();
}

export function fit() {
  isFitted = true;
  const size = pictureSize();
  if (size) byId('stage').style.setProperty('--aspect', size.width / size.height); // for narrow screens
  if (size) view = fitView(size, stage);
  redraw();
}

/** @param point of the stage; its middle where there is none */
export function zoom(factor, point = { x: stage.width / 2, y: stage.height / 2 }) {
  move((size) => zoomView(view, factor, point, size, stage));
}

export function pan(dx, dy) {
  move((size) => panView(view, dx, dy, size, stage));
}

/** Brings an instance into sight that lies outside. */
export function reveal({ box }) {
  if (!isFitted) move((size) => showBox(view, box, size, stage));
}

function move(next) {
  const size = pictureSize();
  if (!size) return;
  view = next(size);
  isFitted = false;
  redraw();
}

function refocus() {
  const focus = focused();
  const size = pictureSize();
  highlight = focus && size ? paintHighlight(size, focus, colourFor(focus), longestLayer) : null;
  redraw();
}

export const redraw = framed(() => {
  const canvas = byId('canvas');
  const density = Math.min(devicePixelRatio || 1, 3);
  const [width, height] = [Math.round(stage.width * density), Math.round(stage.height * density)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  const picture = pictureSize();
  byId('stage').classList.toggle('zoomed', !isFitted);
  if (!state.current || !picture) return void context.clearRect(0, 0, width, height);
  if (state.layers.masks) masks ??= paintMasks(picture, shown(), colourFor, longestLayer);
  const bitmap = base.of === state.current ? base.bitmap : null;
  const { layers } = state;
  drawScene(context, { picture, base: bitmap, masks, highlight, instances: shown(), focus: focused(), colourFor, layers, view, stage, density });
});
