// One instance's mask as COCO run lengths. Before it: the addon encodes it. After it: users, draw.ts.
// The coding itself is the native code's (structures/rle_mask); here is only the shape that people hold in hands.
import { callNative } from './native.js';
import type { NativeAddon, NativeRle } from './native-types.js';
import { expected, integer } from './validate.js';

/** A mask of the picture's size. `JSON.stringify` gives COCO's compressed form, `{ size, counts }`. */
export class Mask {
  /** Height and width of the picture, in pixels. */
  readonly size: [height: number, width: number];
  /** COCO's compressed run lengths: column by column, zeros first. */
  readonly counts: string;

  constructor(size: [height: number, width: number], counts: string) {
    this.size = size;
    this.counts = counts;
  }

  /** Pixels inside. */
  get area(): number {
    return callNative((native) => native.rleArea(this));
  }

  /** Height × width bytes, row by row: 1 inside, 0 outside. */
  toBitmap(): Uint8Array {
    return callNative((native) => native.rleToBitmap(this));
  }

  /**
   * The outlines as rings `x0 y0 x1 y1 …` along the pixels' edges, in pixels: one for each connected piece, holes joined to
   * the outline by a slit, so that tools which know no holes draw them too. Filled, they give the mask back exactly.
   */
  toPolygons(): number[][] {
    return callNative((native) => native.rleToPolygons(this));
  }

  /** The mask of a bitmap: height × width bytes, row by row; anything but 0 is inside. */
  static fromBitmap(bitmap: Uint8Array, height: number, width: number): Mask {
    const fits = bitmap instanceof Uint8Array && bitmap.length === height * width;
    if (!fits) throw expected(`a Uint8Array of ${height} x ${width} bytes`, 'bitmap', bitmap);
    return encoded(height, width, (native) => native.rleFromBitmap(bitmap, height, width));
  }

  /** The union of polygons (rings `x0 y0 x1 y1 …` in pixels), filled by COCO's rule. */
  static fromPolygons(rings: readonly (readonly number[])[], height: number, width: number): Mask {
    const fits = Array.isArray(rings) && rings.every((ring) => Array.isArray(ring) && ring.every(Number.isFinite));
    if (!fits) throw expected('a list of rings of numbers', 'rings', rings);
    return encoded(height, width, (native) => native.rleFromPolygons(rings as number[][], height, width));
  }

  /** COCO's uncompressed run lengths: column by column, zeros first. */
  static fromRuns(runs: readonly number[], height: number, width: number): Mask {
    if (!Array.isArray(runs) || !runs.every((run) => Number.isSafeInteger(run) && run >= 0)) {
      throw expected('a list of run lengths', 'runs', runs);
    }
    return encoded(height, width, (native) => native.rleFromRuns(runs as number[], height, width));
  }
}

function encoded(height: number, width: number, encode: (native: NativeAddon) => NativeRle): Mask {
  integer(1)(height, 'height');
  integer(1)(width, 'width');
  const { size, counts } = callNative(encode);
  return new Mask(size, counts);
}
