// The map of drawing: picture → masks → boxes → labels → PNG. Before it: detections.ts. After it: people's eyes.
import sharp from 'sharp';
import { abortable } from './abort.js';
import type { Detections, Instance } from './detections.js';
import { Canvas, type Colour, type Rectangle } from './drawing/canvas.js';
import { colourOf, readableOn } from './drawing/colours.js';
import { drawable } from './drawing/glyphs.js';
import { placeLabels, type Label } from './drawing/labels.js';
import { maskColumns } from './drawing/mask-columns.js';
import { inTurns } from './drawing/turns.js';
import { decodeImage, type DecodedImage, type ImageInput } from './image.js';
import { abortSignal, expected, flag, integer, number, oneOf, readOptions, Words } from './validate.js';

export interface DrawOptions {
  /** Translucent masks with outlines. Default true. */
  masks?: boolean;
  /** Default true. */
  boxes?: boolean;
  /** Names, and scores with them. Where labels would cover each other, the better score keeps its place. Default true. */
  labels?: boolean;
  /** Scores in the labels. Default true. */
  scores?: boolean;
  /** Of the masks, 0 to 1. Default 0.4. */
  opacity?: number;
  /** Whole factor by which the picture is enlarged first, for small objects. Default 1. */
  scale?: number;
  /** A colour for each class, or for each instance. Default 'auto': by class where there are several. */
  colours?: 'auto' | 'class' | 'instance';
  signal?: AbortSignal;
}

const drawOptions = {
  masks: flag,
  boxes: flag,
  labels: flag,
  scores: flag,
  opacity: number(0, 1),
  scale: integer(1, 16),
  colours: oneOf('auto', 'class', 'instance'),
  signal: abortSignal,
};

/** The most pixels of an enlarged picture. */
const maxPixels = 100_000_000;

/** @returns the bytes of a PNG, `scale` times the size of the picture */
export async function draw(found: Detections, image: ImageInput, options?: DrawOptions): Promise<Uint8Array> {
  const given = readOptions(drawOptions, options);
  const { signal, scale = 1 } = given;
  const picture = await decodeImage(image, { signal });
  checkSize(found, picture, scale);
  const canvas = await enlarge(picture, scale);
  await inTurns(paint(canvas, found, { ...given, scale }), signal);
  return abortable(encodePng(canvas), signal);
}

/** From the last to the first: the best lies on top. Stops wherever other work may have its turn. */
function* paint(canvas: Canvas, found: Detections, options: DrawOptions & { scale: number }): Generator<void> {
  const { masks = true, boxes = true, labels = true, scores = true, opacity = 0.4, scale } = options;
  const colours = instanceColours(found, options.colours ?? 'auto');
  if (masks) yield* drawMasks(canvas, found, colours, scale, opacity);
  const frames = found.instances.map(({ box }) => toRectangle(box, scale));
  if (boxes) yield* drawFrames(canvas, frames, colours);
  if (labels) yield* drawLabels(canvas, found, frames, colours, scores);
}

function checkSize(found: Detections, picture: DecodedImage, scale: number): void {
  const { width, height } = picture;
  if (width !== found.width || height !== found.height) {
    throw expected(
      `the picture of these detections (${found.width} x ${found.height})`,
      'image',
      new Words(`${width} x ${height}`),
    );
  }
  if (scale > 1 && width * height * scale * scale > maxPixels) {
    throw expected(`a factor that gives at most ${maxPixels} pixels`, 'scale', scale);
  }
}

async function enlarge({ data, width, height }: DecodedImage, scale: number): Promise<Canvas> {
  if (scale === 1) return new Canvas(data, width, height);
  const raw = { width, height, channels: 3 as const };
  const [w, h] = [width * scale, height * scale];
  const larger = await sharp(data, { raw }).resize(w, h, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer();
  return new Canvas(larger, w, h);
}

function instanceColours({ instances }: Detections, by: 'auto' | 'class' | 'instance'): Colour[] {
  const several = new Set(instances.map(({ classId }) => classId)).size > 1;
  const byClass = by === 'class' || (by === 'auto' && several);
  return instances.map(({ classId }, i) => colourOf(byClass ? classId : i));
}

function* drawMasks(canvas: Canvas, { instances, width, height }: Detections, colours: Colour[], scale: number, opacity: number): Generator<void> {
  for (let i = instances.length - 1; i >= 0; i--) {
    const { mask } = instances[i]!;
    if (!mask) continue;
    if (mask.size[0] !== height || mask.size[1] !== width) throw expected(`[${height}, ${width}]`, 'mask.size', mask.size);
    for (const column of maskColumns(mask)) yield canvas.maskColumn(column, scale, colours[i]!, opacity);
    yield;
  }
}

function* drawFrames(canvas: Canvas, frames: Rectangle[], colours: Colour[]): Generator<void> {
  const line = Math.max(1, Math.round(Math.max(canvas.width, canvas.height) / 600));
  for (let i = frames.length - 1; i >= 0; i--) yield canvas.frame(frames[i]!, line, colours[i]!);
}

/** The pixels that a box touches; numbers from a file may be anything. */
function toRectangle({ x1, y1, x2, y2 }: Instance['box'], scale: number): Rectangle {
  const x = Math.floor(x1 * scale);
  const y = Math.floor(y1 * scale);
  return { x, y, width: Math.max(1, Math.ceil(x2 * scale) - x), height: Math.max(1, Math.ceil(y2 * scale) - y) };
}

function* drawLabels(
  canvas: Canvas,
  { instances }: Detections,
  frames: Rectangle[],
  colours: Colour[],
  scores: boolean,
): Generator<void> {
  const size = Math.max(1, Math.round(Math.max(canvas.width, canvas.height) / 640));
  const texts = instances.map(({ className, classId, score }) => {
    const name = drawable(className, `class ${classId}`).slice(0, 40);
    return scores ? [`${name} ${score.toFixed(2)}`, score.toFixed(2)] : [name];
  });
  for (const label of placeLabels(frames, texts, size, canvas)) yield label && drawLabel(canvas, label, size, colours[label.index]!);
}

function drawLabel(canvas: Canvas, { text, ...place }: Label, size: number, colour: Colour): void {
  canvas.fill(place, colour);
  canvas.text(text, place.x + size, place.y + size, size, readableOn(colour));
}

async function encodePng({ data, width, height }: Canvas): Promise<Uint8Array> {
  const png = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .png()
    .toBuffer();
  return new Uint8Array(png.buffer, png.byteOffset, png.length);
}
