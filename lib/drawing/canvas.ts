// RGB pixels that can be drawn on: rectangles, frames, masks, text. Everything is clipped to the picture.
// Before it: draw.ts decides what is drawn. After it: a PNG.
import { glyph, glyphHeight, glyphWidth } from './glyphs.js';
import { without, type MaskColumn, type Span } from './mask-columns.js';

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

  /** Mixes a colour into one column of a mask, whose pixels are squares of `scale` pixels here, and covers the mask's rim. */
  maskColumn({ x, spans, left, right }: MaskColumn, scale: number, colour: Colour, alpha: number): void {
    const line = Math.ceil(scale / 3);
    const rows = ({ top, bottom }: Span) => ({ y: top * scale, height: (bottom - top) * scale });
    const square = { x: x * scale, width: scale };
    for (const span of spans) {
      this.fill({ ...square, ...rows(span) }, colour, alpha);
      this.fill({ ...square, y: span.top * scale, height: line }, colour);
      this.fill({ ...square, y: span.bottom * scale - line, height: line }, colour);
    }
    for (const gap of without(spans, left)) this.fill({ x: square.x, width: line, ...rows(gap) }, colour);
    for (const gap of without(spans, right)) this.fill({ x: square.x + scale - line, width: line, ...rows(gap) }, colour);
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
