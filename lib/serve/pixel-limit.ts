// Refuses pictures of more pixels than the server allows, by their header, before anything is decoded: a small file may hold
// a picture that fills the memory. Before it: request-pictures. After it: `detect()`, which tells everything else that is wrong.
import { isBmp } from '../bmp.js';
import { checkSignature, decodeError, openEncoded, tooManyPixels } from '../image.js';
import { bmpSize, pngSize, type Size } from '../picture-size.js';

/** @returns the size by the header. Rejects with ERR_MIMDET_DECODE, also where no header can be read (of PNG and BMP the decoding says that). */
export async function checkPixels(bytes: Uint8Array, maxPixels: number): Promise<Size> {
  checkSignature(bytes);
  const known = isBmp(bytes) ? bmpSize(bytes) : pngSize(bytes);
  const { width, height } = known ?? (await headerSize(bytes, maxPixels));
  if (width * height <= maxPixels) return { width, height };
  throw tooManyPixels(maxPixels, `${width} x ${height}`);
}

/** Asks the decoder, who takes a millisecond of the event loop: what it would decode must not pass as a picture without a header. */
async function headerSize(bytes: Uint8Array, maxPixels: number): Promise<Size> {
  return openEncoded(bytes, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw decodeError(error, maxPixels);
    });
}
