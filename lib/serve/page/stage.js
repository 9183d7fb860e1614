// The stage: a canvas with the current picture and one over it with what is shown of it, as large as their place. Before it:
// state. After it: scene. It holds the view; stage-input moves it.
import { bitmapOf } from './bitmaps.js';
import { byId, debounced, framed } from './dom.js';
import { paintHighlight, paintMasks } from './mask-layer.js';
import { drawFindings, drawPicture } from './scene.js';
import { colourFor, focused, on, shown, state, tell } from './state.js';
import { fitView, panView, showBox, zoomView } from './view.js';

/** Of mask layers, in pixels: as fine as screens are; coarser while a slider moves, so that a layer is painted within a frame. */
const longestLayer = 2048;
const longestWhileMoving = 1024;

const stage = { width: 1, height: 1 };
let view = { scale: 1, x: 0, y: 0 };
let isFitted = true;
let bitmap = { of: null, pixels: null };
let masks = null;
let isMoving = false;
/** What the lower canvas shows, to be drawn again only where that changes. */
let drawn = {};
let highlight = null;

export const stageView = () => view;
export const isZoomed = () => !isFitted;

/** Size of the current picture: the result's, else the bitmap's. */
export function pictureSize() {
  const { result } = state.current ?? {};
  if (result) return { width: result.width, height: result.height };
  const { of, pixels } = bitmap;
  return pixels && of === state.current ? { width: pixels.width, height: pixels.height } : null;
}

export function startStage() {
  new ResizeObserver(resize).observe(byId('stage'));
  on('current', () => void showCurrent());
  on('current filter', () => ((masks = null), redraw()));
  const settle = debounced(200, () => ((isMoving = false), (masks = null), redraw()));
  on('filter', () => ((isMoving = true), settle()));
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
  if (bitmap.of === picture) return void (isFitted && fit()); // a new result leaves the view as it is
  bitmap = { of: picture, pixels: null };
  fit();
  const pixels = picture && (await bitmapOf(picture));
  if (bitmap.of !== picture) return;
  bitmap.pixels = pixels;
  if (picture) picture.cannotShow = !pixels;
  tell('pictures');
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
  const density = Math.min(devicePixelRatio || 1, 3);
  const picture = state.current ? pictureSize() : null;
  byId('stage').classList.toggle('zoomed', !isFitted);
  const base = bitmap.of === state.current ? bitmap.pixels : null;
  drawBelow({ picture, base, view, stage: { ...stage }, density });
  const context = sizedContext('canvas', density);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  if (!picture) return;
  if (state.layers.masks) masks ??= paintMasks(picture, shown(), colourFor, isMoving ? longestWhileMoving : longestLayer);
  const { layers } = state;
  drawFindings(context, {
    picture,
    masks,
    highlight,
    instances: shown(),
    focus: focused(),
    colourFor,
    layers,
    view,
    stage,
    density,
  });
});

function drawBelow(scene) {
  const isSame = ['picture', 'view', 'stage'].every((key) => JSON.stringify(scene[key]) === JSON.stringify(drawn[key]));
  if (isSame && scene.base === drawn.base && scene.density === drawn.density) return;
  drawn = scene;
  const context = sizedContext('below', scene.density);
  if (scene.picture) drawPicture(context, scene);
  else context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

/** Of a canvas that has as many pixels as the screen has there. */
function sizedContext(id, density) {
  const canvas = byId(id);
  const [width, height] = [Math.round(stage.width * density), Math.round(stage.height * density)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context.setTransform(1, 0, 0, 1, 0, 0);
  return context;
}
