// RGB pixels that can be drawn on: rectangles, frames, masks, text. Everything is clipped to the picture.
// Before it: draw.ts decides what is drawn. After it: a PNG.
import { glyph, glyphHeight, glyphWidth } from './glyphs.js';

export type Colour = readonly [red: number, green: number, blue: number];

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Canvas {
  constructor(
    readonly data: Uint8Array, // RGB, row by row
    readonly width: number,
    readonly height: number,
  ) {}

  /** Mixes a colour into a rectangle of whole pixels; `alpha` 1 covers. */
  fill({ x, y, width, height }: Rectangle, colour: Colour, alpha = 1): void {
    const right = Math.min(this.width, x + width);
    const bottom = Math.min(this.height, y + height);
    for (let row = Math.max(0, y); row < bottom; row++) {
      for (let column = Math.max(0, x); column < right; column++) this.#mix(row * this.width + column, colour, alpha);
    }
  }

  /** A frame whose lines lie inside the rectangle. */
  frame({ x, y, width, height }: Rectangle, line: number, colour: Colour): void {
    const side = Math.min(line, Math.ceil(width / 2), Math.ceil(height / 2));
    this.fill({ x, y, width, height: side }, colour);
    this.fill({ x, y: y + height - side, width, height: side }, colour);
    this.fill({ x, y: y + side, width: side, height: height - 2 * side }, colour);
    this.fill({ x: x + width - side, y: y + side, width: side, height: height - 2 * side }, colour);
  }

  /**
   * Mixes a colour into the pixels of a bitmap, and covers its rim.
   * @param bitmap width · height / scale² bytes, row by row; a pixel of it is a square of `scale` pixels here
   */
  mask(bitmap: Uint8Array, scale: number, colour: Colour, alpha: number): void {
    const width = this.width / scale;
    const last = bitmap.lastIndexOf(1);
    // Run by run along the rows: the inside of a large mask is one rectangle a row.
    for (let at = bitmap.indexOf(1); at >= 0 && at <= last;) {
      const rowEnd = at - (at % width) + width;
      let end = at;
      while (end < rowEnd && bitmap[end]) end++;
      this.#maskRun(bitmap, at, end, width, scale, colour, alpha);
      at = bitmap.indexOf(1, end);
    }
  }

  /** The run of mask pixels [start, end) of one row: its inside mixed, its ends and the sides without a neighbour covered. */
  #maskRun(
    bitmap: Uint8Array,
    start: number,
    end: number,
    width: number,
    scale: number,
    colour: Colour,
    alpha: number,
  ): void {
    const [x, y] = [(start % width) * scale, Math.floor(start / width) * scale];
    const run = { x, y, width: (end - start) * scale, height: scale };
    const line = Math.ceil(scale / 3);
    this.fill(run, colour, alpha);
    this.fill({ ...run, width: line }, colour);
    this.fill({ ...run, x: x + run.width - line, width: line }, colour);
    for (let at = start; at < end; at++) {
      const side = { x: x + (at - start) * scale, y, width: scale, height: line };
      if (!bitmap[at - width]) this.fill(side, colour);
      if (!bitmap[at + width]) this.fill({ ...side, y: y + scale - line }, colour);
    }
  }

  /** Letters of 5 × 9 squares of `size` pixels, one square apart. */
  text(text: string, x: number, y: number, size: number, colour: Colour): void {
    for (const letter of text) {
      glyph(letter).forEach((bits, row) => {
        for (let column = 0; column < glyphWidth; column++) {
          if (bits & (16 >> column))
            this.fill({ x: x + column * size, y: y + row * size, width: size, height: size }, colour);
        }
      });
      x += (glyphWidth + 1) * size;
    }
  }

  #mix(pixel: number, colour: Colour, alpha: number): void {
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const below = this.data[at]!;
      this.data[at] = Math.round(below + (colour[channel]! - below) * alpha);
    }
  }
}

/** Width and height of a text with a margin of one square around it. */
export function textSize(text: string, size: number): { width: number; height: number } {
  return { width: (text.length * (glyphWidth + 1) + 1) * size, height: (glyphHeight + 1) * size };
}
