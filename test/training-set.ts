// A small data set for tests of training, made on the spot: coloured discs and squares on grey, 64 to 96 pixels, three classes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { TrainConfig } from '../lib/index.js';

export interface SetOptions {
  /** Pictures of the two parts. */
  train?: number;
  val?: number;
  /** 'some': every other object has a box alone. */
  masks?: 'all' | 'some' | 'none';
}

/** Numbers that look drawn, the same on every machine. */
function draws(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Shape {
  kind: number;
  box: [x: number, y: number, width: number, height: number];
  polygon: number[];
  colour: [number, number, number];
}

const colours: [number, number, number][] = [
  [220, 60, 50],
  [60, 190, 80],
  [70, 90, 230],
];

function shape(draw: (below: number) => number, width: number, height: number): Shape {
  const side = 14 + draw(16);
  const [x, y] = [draw(width - side), draw(height - side)];
  const kind = draw(3);
  const r = side / 2;
  const corners = kind === 0 ? 4 : 16; // a square, or something round
  const polygon = Array.from({ length: corners }, (_, i) => {
    const angle = ((i + (corners === 4 ? 0.5 : 0)) / corners) * 2 * Math.PI;
    const reach = corners === 4 ? r * Math.SQRT2 : r;
    return [x + r + reach * Math.cos(angle), y + r + reach * Math.sin(angle)];
  }).flat();
  return {
    kind,
    box: [x, y, side, side],
    polygon: polygon.map((value) => Math.round(value * 100) / 100),
    colour: colours[kind]!,
  };
}

function svg(width: number, height: number, shapes: Shape[]): Buffer {
  const drawn = shapes.map(({ polygon, colour }) => {
    const points = polygon.map((value, i) => (i % 2 ? `${value} ` : `${value},`)).join('');
    return `<polygon points="${points}" fill="rgb(${colour.join(',')})"/>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawn.join('')}</svg>`);
}

async function part(folder: string, name: string, count: number, masks: SetOptions['masks']): Promise<void> {
  mkdirSync(join(folder, name), { recursive: true });
  const images: object[] = [];
  const annotations: object[] = [];
  for (let id = 1; id <= count; ++id) {
    const draw = draws(id + (name === 'val' ? 1000 : 0));
    const [width, height] = [64 + 8 * draw(5), 64 + 8 * draw(5)];
    const shapes = Array.from({ length: 1 + draw(4) }, () => shape(draw, width, height));
    const background = { create: { width, height, channels: 3 as const, background: { r: 120, g: 120, b: 120 } } };
    const file = `${id}.png`;
    await sharp(background)
      .composite([{ input: svg(width, height, shapes) }])
      .png()
      .toFile(join(folder, name, file));
    images.push({ id, file_name: file, width, height });
    for (const { kind, box, polygon } of shapes) {
      const has = masks === 'all' || (masks === 'some' && annotations.length % 2 === 0);
      const area = box[2] * box[3];
      const entry = { id: annotations.length + 1, image_id: id, category_id: kind + 1, bbox: box, area, iscrowd: 0 };
      annotations.push(has ? { ...entry, segmentation: [polygon] } : entry);
    }
  }
  const categories = ['square', 'disc', 'ball'].map((category, i) => ({ id: i + 1, name: category }));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ images, annotations, categories }));
}

/** Writes train.json and val.json with their pictures below `folder`. */
export async function writeTrainingSet(
  folder: string,
  { train = 12, val = 4, masks = 'all' }: SetOptions = {},
): Promise<void> {
  await part(folder, 'train', train, masks);
  await part(folder, 'val', val, masks);
}

/** A model that trains in milliseconds: a few thousand numbers, pictures of 64 to 96 pixels. */
export const microModel = {
  imageSize: 64,
  sampleRatio: 0.5,
  encoder: { dim: 48, depth: 2, heads: 3, mlpRatio: 2, dropPath: 0.1, layerNormEps: 1e-5 },
  decoder: { dim: 32, depth: 1, heads: 4, mlpRatio: 2, layerNormEps: 1e-5 },
  fpn: { channels: 16 },
  rpn: {
    convs: 1,
    anchorSizes: [[8], [16], [32], [64], [128]],
    batchPerImage: 64,
    preNmsTopk: [200, 100],
    postNmsTopk: [100, 50],
  },
  roi: { boxConvs: 1, boxConvDim: 16, boxFcDim: 32, maskConvs: 1, maskConvDim: 16, batchPerImage: 32, detectionsPerImage: 20 },
  minSize: 64,
  maxSize: 96,
};

/** A run of it over `data`, of `steps` steps of four pictures. */
export const microRun = (data: string, dir: string, steps = 12): TrainConfig => ({
  data,
  init: 'fresh',
  model: { config: microModel },
  schedule: { steps, batch: 4, warmup: 2, seed: 5 },
  optimizer: { lr: 2e-3, ema: 0.9 },
  augment: { sizes: [64, 72, 80], resizeCrop: { sizes: [64, 80], crop: [48, 64] }, copyPaste: true, colour: true },
  output: { dir, evaluateEvery: 4, checkpointEvery: 3 },
  compute: { threads: 1, device: 'cpu' },
});
