// One square tile as the model takes it, out of rows of a picture. Before it: pixel-rows. After it: detector.ts, like any picture.
import type { DecodedImage } from '../image.js';
import type { Rows } from './pixel-rows.js';

export type Colour = readonly [number, number, number];

/** `rows` are the tile's own; what lies beside a picture of that width, or below the rows, gets `beside`. */
export function cutTile(rows: Rows, width: number, left: number, size: number, beside: Colour): DecodedImage {
  const { data, channels } = rows;
  const columns = Math.min(size, width - left);
  const height = Math.min(size, data.length / (width * channels));
  const tile = new Uint8Array(size * size * 3);
  if (columns < size || height < size) fill(tile, beside);
  for (let y = 0; y < height; y++) {
    const from = (y * width + left) * channels;
    copyRow(data.subarray(from, from + columns * channels), channels, tile, y * size * 3);
  }
  return { data: tile, width: size, height: size, channels: 3 };
}

function fill(tile: Uint8Array, colour: Colour): void {
  for (let i = 0; i < tile.length; i++) tile[i] = colour[i % 3]!;
}

function copyRow(row: Uint8Array | Uint8ClampedArray, channels: Rows['channels'], tile: Uint8Array, to: number): void {
  if (channels === 3) return tile.set(row, to);
  for (let from = 0; from < row.length; from += channels)
    for (let c = 0; c < 3; c++) tile[to++] = row[channels === 1 ? from : from + c]!;
}
