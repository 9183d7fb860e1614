// Draws the picture and what was found on it, at any scale. Before it: stage (the screen), download (a PNG). After it: pixels.
import { css, readableOn } from './colours.js';
import { placeLabels } from './labels.js';

const font = '600 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const labelHeight = 17;

/**
 * The picture itself, on a cleared canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {object} scene `picture` (width, height), `base` (what can be drawn, or null), `view`, `stage`, `density` (pixels of the
 *   canvas in one of the stage)
 */
export function drawPicture(context, { base, picture, view, stage, density }) {
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, stage.width, stage.height);
  const place = [view.x, view.y, view.scale * picture.width, view.scale * picture.height];
  context.imageSmoothingEnabled = view.scale * density < 4; // far enlarged, pixels are shown as they are
  context.imageSmoothingQuality = 'medium';
  if (base) return void context.drawImage(base, ...place);
  context.fillStyle = '#8888';
  context.fillRect(...place);
}

/**
 * What was found, over what is there.
 * @param {object} scene as above, and `masks`, `highlight` (layers or null), `instances`, `focus` (an instance or null),
 *   `colourFor`, `layers` (masks, boxes, labels: shown or not)
 */
export function drawFindings(context, scene) {
  const { layers, focus, density } = scene;
  context.setTransform(density, 0, 0, density, 0, 0);
  if (layers.masks && scene.masks) drawLayer(context, scene, scene.masks);
  if (focus && scene.highlight) drawLayer(context, scene, scene.highlight);
  if (layers.boxes) for (const instance of scene.instances) drawBox(context, scene, instance, 1.5);
  if (focus) drawFocus(context, scene);
  if (layers.labels || focus) drawLabels(context, scene);
}

function drawLayer(context, { view, density }, { canvas, left, top, width, height }) {
  context.imageSmoothingEnabled = (view.scale * density * width) / canvas.width < 1;
  context.imageSmoothingQuality = 'low';
  context.drawImage(
    canvas,
    view.x + view.scale * left,
    view.y + view.scale * top,
    view.scale * width,
    view.scale * height,
  );
}

function frameOf({ box: [x1, y1, x2, y2] }, { scale, x, y }) {
  return { x: x + scale * x1, y: y + scale * y1, width: scale * (x2 - x1), height: scale * (y2 - y1) };
}

function drawBox(context, { view, colourFor }, instance, line) {
  const { x, y, width, height } = frameOf(instance, view);
  context.lineWidth = line;
  context.strokeStyle = css(colourFor(instance));
  context.strokeRect(x, y, width, height);
}

/** Light on dark, so that it is seen on any picture. */
function drawFocus(context, scene) {
  const { x, y, width, height } = frameOf(scene.focus, scene.view);
  context.lineWidth = 5;
  context.strokeStyle = 'rgb(0 0 0 / .75)';
  context.strokeRect(x - 1, y - 1, width + 2, height + 2);
  context.lineWidth = 2.5;
  context.strokeStyle = '#fff';
  context.strokeRect(x - 1, y - 1, width + 2, height + 2);
}

function drawLabels(context, scene) {
  const { instances, focus, layers, view, stage, colourFor } = scene;
  const named = layers.labels ? [...(focus ? [focus] : []), ...instances.filter((each) => each !== focus)] : [focus];
  context.font = font;
  context.textBaseline = 'middle';
  const frames = named.map((each) => ({ ...frameOf(each, view), always: each === focus }));
  const texts = named.map((each) => textsOf(each, each === focus));
  for (const { index, text, x, y, width, height } of placeLabels(frames, texts, widthIn(context), labelHeight, stage)) {
    const isFocus = named[index] === focus;
    const colour = colourFor(named[index]);
    context.fillStyle = isFocus ? '#fff' : css(colour);
    context.fillRect(x, y, width, height);
    context.fillStyle = isFocus ? '#000' : readableOn(colour);
    context.fillText(text, x + 4, y + height / 2 + 0.5);
  }
}

function textsOf({ name, score }, isFocus) {
  const short = name.length > 40 ? `${name.slice(0, 39)}…` : name;
  return isFocus ? [`${short} ${score.toFixed(3)}`] : [`${short} ${score.toFixed(2)}`, score.toFixed(2)];
}

const widths = new Map();

/** Measuring takes longer than drawing: names and scores come back again and again. */
const widthIn = (context) => (text) => {
  if (widths.size > 5000) widths.clear();
  if (!widths.has(text)) widths.set(text, context.measureText(text).width + 8);
  return widths.get(text);
};
