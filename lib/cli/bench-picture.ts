// The made-up picture of `mimdet bench`: soft blobs on noise, the same on every machine, so that figures can be compared.
import { wrongUsage } from './exit.js';

export interface Size {
  width: number;
  height: number;
}

/** `640x480`. @throws ERR_MIMDET_INVALID_ARGUMENT */
export function parseSize(text: string): Size {
  const match = /^(\d{1,5})[x×](\d{1,5})$/.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  if (width >= 1 && height >= 1 && width * height <= 2 ** 28) return { width, height };
  throw wrongUsage(`Expected WIDTHxHEIGHT (of at most 2^28 pixels) for \`--size\` but received ${text}`);
}

/** A linear congruential generator: numbers from 0 to 1, the same for every run. */
function random(): () => number {
  let state = 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** RGB noise around grey, with 40 bright discs. */
export function madeUpPicture({ width, height }: Size): Size & { data: Uint8Array; channels: 3 } {
  const next = random();
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = 60 + 30 * next();
  for (let disc = 0; disc < 40; disc++) {
    const [cx, cy, radius] = [next() * width, next() * height, 4 + (next() * Math.min(width, height)) / 20];
    for (let y = Math.max(0, Math.floor(cy - radius)); y < Math.min(height, cy + radius); y++)
      for (let x = Math.max(0, Math.floor(cx - radius)); x < Math.min(width, cx + radius); x++)
        if ((x - cx) ** 2 + (y - cy) ** 2 < radius ** 2) data.fill(200, 3 * (y * width + x), 3 * (y * width + x) + 3);
  }
  return { data, width, height, channels: 3 };
}
