// Frames of a raw RGB pipe (`ffmpeg -f rawvideo -pix_fmt rgb24`), as pictures that a detector takes.
// Before it: a stream of bytes in pieces of any size. After it: `detector.detectMany(…)`.

/**
 * Every frame, in order. Reads no faster than its reader, so that a file waits for the model.
 * @param {AsyncIterable<Uint8Array>} stream
 * @param {{ width: number, height: number }} size
 * @throws RangeError where the stream ends within a frame
 */
export async function* readFrames(stream, { width, height }) {
  const frameBytes = width * height * 3;
  let [data, filled, number] = [new Uint8Array(frameBytes), 0, 0];
  for await (const piece of stream) {
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + frameBytes - filled);
      data.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < frameBytes) continue;
      yield { number: number++, data, width, height, channels: 3 };
      [data, filled] = [new Uint8Array(frameBytes), 0]; // the reader may still hold the last one
    }
  }
  if (filled > 0) throw new RangeError(`Expected whole frames of ${frameBytes} bytes but received ${filled} at the end`);
}

/**
 * The newest frame whenever one is asked for: a camera does not wait. Frames that nobody asked for in time are dropped, and counted.
 * @template T
 * @param {AsyncIterable<T>} frames
 * @param {{ dropped: number }} count
 */
export async function* newestOf(frames, count) {
  const state = { newest: undefined, ended: false, failure: undefined, stopped: false, wake() {} };
  void keepNewest(frames, state, count);
  try {
    while (state.newest || !state.ended) {
      if (!state.newest) await new Promise((resolve) => (state.wake = resolve));
      const frame = state.newest;
      state.newest = undefined;
      if (frame) yield frame;
    }
    if (state.failure) throw state.failure;
  } finally {
    state.stopped = true;
  }
}

async function keepNewest(frames, state, count) {
  try {
    for await (const frame of frames) {
      if (state.stopped) return;
      if (state.newest) count.dropped++;
      state.newest = frame;
      state.wake();
    }
  } catch (error) {
    state.failure = error;
  } finally {
    state.ended = true;
    state.wake();
  }
}
