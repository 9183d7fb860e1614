// One picture twice, side by side: what is there and what was found, mistakes in another colour. The pixels are a small JPEG
// that both sides share, the shapes are SVG, so that they stay sharp and say what they are. Before it: pictures-section.
import sharp from 'sharp';
import type { DatasetBox, DatasetObject, DatasetPicture } from '../data/dataset.js';
import type { Detections } from '../detections.js';
import type { PictureVerdict } from '../evaluator.js';
import { decodeImage } from '../image.js';
import { Mask } from '../mask.js';
import { html, raw, type Html } from './html.js';
import { corners, outlinePath, pointsOf, simplify, type Point } from './outline.js';

/** Longest side of the pixels in the report, and what they and the shapes may weigh. */
const maxSide = 560;
const maxPixelBytes = 42_000;
const maxShapeBytes = 60_000;
/** On each side; of results the best. */
const maxShapes = 500;
/** Points of outlines on each side that are looked at, and of one outline. */
const maxPoints = 40_000;
const maxRingPoints = 2000;

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
  const base = html`<image id="${id}" width="${width}" height="${height}" preserveAspectRatio="none"
 href="data:image/jpeg;base64,${pixels.toString('base64')}"/>`;
  return html`<div class="pair"><svg viewBox="${view}" role="img" aria-label="What is there">${base}${raw(there)}</svg>
<svg viewBox="${view}" role="img" aria-label="What was found"><use href="#${id}"/>${raw(found)}</svg></div>`;
}

async function smallJpeg({ data, width, height }: { data: Uint8Array; width: number; height: number }): Promise<Buffer> {
  const source = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  for (let side = maxSide, quality = 80; ; side = Math.round(side * 0.8), quality = Math.max(50, quality - 10)) {
    const small = source.clone().resize(side, side, { fit: 'inside', withoutEnlargement: true });
    const jpeg = await small.jpeg({ quality }).toBuffer();
    if (jpeg.length <= maxPixelBytes || side < 150) return jpeg;
  }
}

/** Coarser until they fit. */
function fittingShapes(study: PictureStudy): [string, string] {
  const { width, height } = study.picture;
  let sides = [shapesThere(study), shapesFound(study)];
  for (let tolerance = Math.max(0.35, Math.max(width, height) / 1200); ; tolerance *= 2) {
    sides = sides.map((shapes) =>
      shapes.map((shape) => ({ ...shape, rings: shape.rings.map((ring) => simplify(ring, tolerance)) })),
    );
    const [there, found] = sides.map((shapes) => shapes.map(pathOf).join(''));
    if (there!.length + found!.length <= maxShapeBytes || tolerance > 16) return [there!, found!];
  }
}

interface Shape {
  title: string;
  kind: '' | 'wrong' | 'crowd';
  rings: Point[][];
}

function shapesThere({ picture, verdict, classes }: PictureStudy): Shape[] {
  const missed = new Set(verdict.missed);
  const objects = picture.objects.slice(0, maxShapes);
  return objects.map((object) => {
    const isMissed = missed.has(object.id);
    const title = `${classes[object.classId] ?? object.classId}${isMissed ? ', missed' : ''}${object.crowd ? ', crowd' : ''}`;
    return {
      title,
      kind: object.crowd ? 'crowd' : isMissed ? 'wrong' : '',
      rings: outline(ringsOf(object), object.box, objects.length),
    };
  });
}

function shapesFound({ found, verdict, scoreThreshold }: PictureStudy): Shape[] {
  const extra = new Set(verdict.extra);
  const places = found.instances.map((_, place) => place).filter((place) => found.instances[place]!.score >= scoreThreshold);
  return places.slice(0, maxShapes).map((place) => {
    const { className, score, mask, box } = found.instances[place]!;
    const title = `${className} ${score.toFixed(2)}${extra.has(place) ? ', wrong' : ''}`;
    const rings = outline(mask?.toPolygons(), [box.x1, box.y1, box.x2, box.y2], places.length);
    return { title, kind: extra.has(place) ? 'wrong' : '', rings };
  });
}

/** Of the mask where there is one, else of the box. @param shapes among which the points are shared */
function outline(rings: number[][] | undefined, box: DatasetBox, shapes: number): Point[][] {
  if (!rings || rings.length === 0) return [corners(box)];
  return pointsOf(rings, Math.min(maxRingPoints, Math.max(16, Math.floor(maxPoints / shapes / rings.length))));
}

function ringsOf({ polygons, rle }: DatasetObject): number[][] | undefined {
  return polygons ?? (rle && new Mask(rle.size, rle.counts).toPolygons());
}

function pathOf({ title, kind, rings }: Shape): string {
  return html`<path class="shape ${kind}" d="${outlinePath(rings)}"><title>${title}</title></path>`.text;
}
