// Copies of pixels that a caller hands over and may change at once, in memory that earlier copies have used: new memory costs a page
// fault for every 4 KB of it, on the event loop (5 ms for a frame of 1920 x 1080). Before it: image.ts. After it: the addon reads them;
// detector.ts gives them back.

const mostBytes = 64 * 2 ** 20;
const restMs = 1000;

export class PixelCopies {
  readonly #out = new WeakSet<ArrayBuffer>();
  #free: ArrayBuffer[] = [];
  #rest: NodeJS.Timeout | undefined; // a service that has nothing to do keeps none

  take(pixels: Uint8Array | Uint8ClampedArray): Uint8Array {
    const buffer = this.#find(pixels.length) ?? new ArrayBuffer(pixels.length);
    this.#out.add(buffer);
    const copy = new Uint8Array(buffer, 0, pixels.length);
    copy.set(pixels);
    return copy;
  }

  /** Takes a copy back that nobody reads any more; whatever else is given is let alone. */
  give({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#out.delete(buffer)) return;
    const kept = this.#free.reduce((sum, each) => sum + each.byteLength, 0);
    if (kept + buffer.byteLength > mostBytes) return;
    this.#free.push(buffer);
    this.#rest ??= setTimeout(() => (this.#free = []), restMs).unref();
    this.#rest.refresh();
  }

  /** One that fits, and is not mostly left empty. */
  #find(bytes: number): ArrayBuffer | undefined {
    const i = this.#free.findLastIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    return i < 0 ? undefined : this.#free.splice(i, 1)[0];
  }
}
