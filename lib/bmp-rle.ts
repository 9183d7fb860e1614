// BMP's two run-length codings, RLE8 and RLE4, to one palette index a pixel, rows in the file's order.
// Before and after it: bmp.ts. Every read and write is checked, for the stream says itself where it goes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MimdetError } from './errors.js';

/** Commands that are followed before other work gets a turn; each draws at most 255 pixels. */
const commandsPerTurn = 4096;

/**
 * Decodes a stream to width · height indices; pixels that it jumps over are index 0.
 * Rejects with ERR_MIMDET_DECODE where the stream is cut or leaves the picture.
 */
export async function decodeRle(stream: Uint8Array, width: number, height: number, bits: 4 | 8): Promise<Uint8Array> {
  const reader = new RleReader(stream, width, height, bits);
  for (let commands = 1; reader.step(); commands++) {
    if (commands % commandsPerTurn === 0) await nextTurn();
  }
  return reader.indices;
}

class RleReader {
  readonly indices: Uint8Array;
  #at = 0;
  #x = 0;
  #y = 0;

  constructor(
    readonly stream: Uint8Array,
    readonly width: number,
    readonly height: number,
    readonly bits: 4 | 8,
  ) {
    this.indices = new Uint8Array(width * height);
  }

  /** One command; false after the last. A picture that is full needs no end mark. */
  step(): boolean {
    if (this.#y >= this.height) return false;
    const count = this.#byte();
    const value = this.#byte();
    if (count > 0) this.#run(count, value);
    else if (value === 0) this.#move(-this.#x, 1);
    else if (value === 1) return false;
    else if (value === 2) this.#move(this.#byte(), this.#byte());
    else this.#literal(value);
    return !(this.#x === this.width && this.#y === this.height - 1);
  }

  #run(count: number, value: number): void {
    for (let i = 0; i < count; i++) this.#put(this.bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
  }

  #literal(count: number): void {
    const bytes = Math.ceil((count * this.bits) / 8);
    for (let i = 0, byte = 0; i < count; i++) {
      if (this.bits === 8 || i % 2 === 0) byte = this.#byte();
      this.#put(this.bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
    }
    this.#at += bytes % 2; // literals are padded to 16 bits
  }

  #move(x: number, y: number): void {
    this.#x += x;
    this.#y += y;
    if (this.#x > this.width || this.#y > this.height) throw broken('jumps out of the picture');
  }

  /** Writers fill a row's last pair with a pixel too many (RLE4): beyond the row's end nothing is drawn. */
  #put(index: number): void {
    if (this.#x < this.width) this.indices[this.#y * this.width + this.#x++] = index;
  }

  #byte(): number {
    if (this.#at >= this.stream.length) throw broken('ends before the picture does');
    return this.stream[this.#at++]!;
  }
}

function broken(what: string): MimdetError {
  return new MimdetError(
    'ERR_MIMDET_DECODE',
    `Expected a whole picture for \`image\` but received a BMP whose run lengths ${what}`,
  );
}
