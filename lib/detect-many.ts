// Many pictures in order, a few under way at once. Before it: Detector.detectMany. After it: `for await` in a user's program.
// It takes from the source only what it has room for, so a slow reader holds back the source, and stops it when it leaves.
import { abortable, linkSignals } from './abort.js';
import type { Detections } from './detections.js';
import { toMimdetError, type MimdetError } from './errors.js';
import type { ImageInput } from './image.js';
import { expected } from './validate.js';

export type ImageSource<T extends ImageInput = ImageInput> = Iterable<T> | AsyncIterable<T>;

/** What became of one picture: `detections`, or the `error` that it met. */
export type DetectManyResult<T extends ImageInput = ImageInput> =
  | { input: T; index: number; detections: Detections; error?: undefined }
  | { input: T; index: number; detections?: undefined; error: MimdetError };

/** Iterates a list of pictures. Throws ERR_MIMDET_INVALID_ARGUMENT for one picture, though strings and bytes are iterable too. */
export function iterate<T extends ImageInput>(images: ImageSource<T>): Iterator<T> | AsyncIterator<T> {
  const isOne = typeof images === 'string' || ArrayBuffer.isView(images);
  const start = isOne
    ? undefined
    : ((images as AsyncIterable<T>)?.[Symbol.asyncIterator] ?? (images as Iterable<T>)?.[Symbol.iterator]);
  if (typeof start !== 'function') throw expected('a list of pictures (an iterable or async iterable)', 'images', images);
  return start.call(images) as Iterator<T> | AsyncIterator<T>;
}

type Detect<T> = (image: T, signal: AbortSignal) => Promise<Detections>;
type Pulled<T> = { value: T } | { end: true; failure?: unknown };

/** Yields results in the order of the source. Throws what the source throws, `signal.reason`, or ERR_MIMDET_DISPOSED. */
export async function* detectInOrder<T extends ImageInput>(
  source: Iterator<T> | AsyncIterator<T>,
  detect: Detect<T>,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): AsyncGenerator<DetectManyResult<T>, void, undefined> {
  const stop = linkSignals(signal); // ends what is under way when the reader leaves, too
  const running: Promise<DetectManyResult<T>>[] = [];
  let pull: Promise<Pulled<T>> | undefined;
  let end: { failure?: unknown } | undefined;
  try {
    for (let index = 0; ;) {
      if (!end && running.length < concurrency) pull ??= pullFrom(source);
      if (end && running.length === 0) break;
      // Whichever comes first: the next picture of a slow source must not hold back a result that is ready.
      const next = await abortable(Promise.race([...running.slice(0, 1), ...(pull ? [pull] : [])]), stop.signal);
      if ('index' in next) {
        void running.shift();
        yield next;
      } else {
        pull = undefined;
        if ('end' in next) end = next;
        else running.push(attempt(next.value, index++, detect, stop.signal));
      }
    }
    if (end && 'failure' in end) throw end.failure;
  } finally {
    stop.unlink();
    stop.abort();
    if (!end) await stopSource(source, pull !== undefined);
  }
}

async function pullFrom<T>(source: Iterator<T> | AsyncIterator<T>): Promise<Pulled<T>> {
  try {
    const { done, value } = await source.next();
    return done ? { end: true } : { value };
  } catch (failure) {
    return { end: true, failure }; // thrown when the results before it are out
  }
}

/** One picture's result. Whatever is wrong with the picture is part of it; an abort or a closed detector ends everything. */
function attempt<T extends ImageInput>(
  input: T,
  index: number,
  detect: Detect<T>,
  stop: AbortSignal,
): Promise<DetectManyResult<T>> {
  const result = detect(input, stop).then(
    (detections) => ({ input, index, detections }),
    (reason: unknown) => {
      const error = toMimdetError(reason);
      if (stop.aborted || error.code === 'ERR_MIMDET_DISPOSED') throw reason;
      return { input, index, error };
    },
  );
  result.catch(() => {}); // it may fail before anybody waits for it
  return result;
}

/** Tells the source that no more is wanted. One that is in the middle of a pull may never answer, so that is not waited for. */
async function stopSource<T>(source: Iterator<T> | AsyncIterator<T>, pulling: boolean): Promise<void> {
  const stopped = Promise.resolve(source.return?.());
  if (pulling) stopped.catch(() => {});
  else await stopped;
}
