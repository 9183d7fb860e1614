// One picture twice, side by side: what is there and what was found, mistakes in another colour. The pixels are a small JPEG that both sides
// share, the shapes are SVG, so that they stay sharp and say what they are. Before it: pictures-section.
import sharp from 'sharp';
import type { DatasetObject, DatasetPicture } from '../data/dataset.js';
import type { Detections, Instance } from '../detections.js';
import type { PictureVerdict } from '../evaluator.js';
import { decodeImage } from '../image.js';
import { Mask } from '../mask.js';
import { html, raw, type Html } from './html.js';
import { boxPath, outlinePath } from './outline.js';

/** Longest side of the pixels in the report, and what they and the shapes may weigh. */
const maxSide = 560;
const maxPixelBytes = 42_000;
const maxShapeBytes = 60_000;

export interface PictureStudy {
  picture: DatasetPicture;
  /** Those that were evaluated, in the order of the verdict. */
  found: Detections;
  verdict: PictureVerdict;
  classes: readonly string[];
  scoreThreshold: number;
}

export async function picturePair(study: PictureStudy, id: string, signal?: AbortSignal): Promise<Html> {
  const { width, height, file } = study.picture;
  const decoded = await decodeImage(file, { signal });
  const pixels = await smallJpeg(decoded);
  const [there, found] = fittingShapes(study);
  const view = `0 0 ${width} ${height}`;
  const base = html`<image id="${id}" width="${width}" height="${height}" preserveAspectRatio="none" href="data:image/jpeg;base64,${pixels.toString('base64')}"/>`;
  return html`<div class="pair"><svg viewBox="${view}" role="img" aria-label="What is there">${base}${raw(there)}</svg>
<svg viewBox="${view}" role="img" aria-label="What was found"><use href="#${id}"/>${raw(found)}</svg></div>`;
}

async function smallJpeg({ data, width, height }: { data: Uint8Array; width: number; height: number }): Promise<Buffer> {
  const source = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  for (let side = maxSide, quality = 82; ; side = Math.round(side * 0.85), quality = Math.max(50, quality - 10)) {
    const small = source.clone().resize(side, side, { fit: 'inside', withoutEnlargement: true });
    const jpeg = await small.jpeg({ quality, mozjpeg: true }).toBuffer();
    if (jpeg.length <= maxPixelBytes || side < 150) return jpeg;
  }
}

/** Coarser until they fit. */
function fittingShapes(study: PictureStudy): [string, string] {
  const { width, height } = study.picture;
  const outlines = shapesOf(study);
  for (let tolerance = Math.max(0.35, Math.max(width, height) / 1200); ; tolerance *= 2) {
    const [there, found] = outlines.map((shapes) => shapes.map((shape) => pathOf(shape, tolerance)).join(''));
    if (there!.length + found!.length <= maxShapeBytes || tolerance > 16) return [there!, found!];
  }
}

interface Shape {
  title: string;
  kind: '' | 'wrong' | 'crowd';
  rings?: number[][];
  box: readonly number[];
}

function shapesOf({ picture, found, verdict, classes, scoreThreshold }: PictureStudy): [there: Shape[], found: Shape[]] {
  const missed = new Set(verdict.missed);
  const extra = new Set(verdict.extra);
  const there = picture.objects.map(
    (object): Shape => ({
      title: `${classes[object.classId] ?? object.classId}${missed.has(object.id) ? ', missed' : ''}${object.crowd ? ', crowd' : ''}`,
      kind: object.crowd ? 'crowd' : missed.has(object.id) ? 'wrong' : '',
      rings: ringsOf(object),
      box: object.box,
    }),
  );
  const seen = found.instances.map(
    (instance, i): Shape => ({
      title: `${instance.className} ${instance.score.toFixed(2)}${extra.has(i) ? ', wrong' : ''}`,
      kind: extra.has(i) ? 'wrong' : '',
      rings: instance.mask?.toPolygons(),
      box: boxOf(instance),
    }),
  );
  return [there, seen.filter((_, i) => found.instances[i]!.score >= scoreThreshold)];
}

function ringsOf({ polygons, rle }: DatasetObject): number[][] | undefined {
  return polygons ?? (rle && new Mask(rle.size, rle.counts).toPolygons());
}

const boxOf = ({ box: { x1, y1, x2, y2 } }: Instance): number[] => [x1, y1, x2, y2];

function pathOf({ title, kind, rings, box }: Shape, tolerance: number): string {
  const d = rings && rings.length > 0 ? outlinePath(rings, tolerance) : boxPath(box);
  return html`<path class="shape ${kind}" d="${d}"><title>${title}</title></path>`.text;
}
