// Pixels of the pictures in the browser: the last few as bitmaps, small ones for the strip. Before it: pictures. After it:
// stage, strip.

const kept = new Map();
const mostKept = 3;
const mostPixels = 24e6;

/** The picture as it is seen, or null where the browser cannot read it; large ones are halved until they are not. */
export function bitmapOf(picture) {
  const bitmap = kept.get(picture) ?? decode(picture.file);
  kept.delete(picture);
  kept.set(picture, bitmap); // the last one used is the last one dropped
  for (const [old, promise] of [...kept].slice(0, -mostKept)) {
    kept.delete(old);
    void promise.then((each) => each?.close());
  }
  return bitmap;
}

async function decode(file) {
  const bitmap = await decodeWhole(file);
  const factor = bitmap ? Math.sqrt(mostPixels / (bitmap.width * bitmap.height)) : 1;
  if (factor >= 1) return bitmap;
  const size = { resizeWidth: Math.ceil(bitmap.width * factor), resizeHeight: Math.ceil(bitmap.height * factor) };
  const smaller = await createImageBitmap(bitmap, { ...size, resizeQuality: 'high' });
  bitmap.close();
  return smaller;
}

/** Not halved: for a PNG of full size. */
export const decodeWhole = (file) => createImageBitmap(file).catch(() => null);

let last = Promise.resolve();

/** Draws the picture into a canvas, one picture after the other. Resolves to whether there is something to see. */
export function drawSmall(picture, canvas) {
  last = last.then(async () => {
    const bitmap = kept.has(picture) ? await kept.get(picture) : await decodeWhole(picture.file);
    if (!bitmap) return false;
    const factor = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
    const [width, height] = [bitmap.width * factor, bitmap.height * factor];
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    if (!kept.has(picture)) bitmap.close();
    return true;
  });
  return (last = last.catch(() => false));
}
