// What the addon found, from the few values in which it comes. Before it: native/addon/results.cpp. After it: detections.ts, tiles.
import type { NativeDetections, NativeTiming, PackedDetections } from './native-types.js';
import { stationNames } from './timing.js';

export function unpack({ boxes, scores, classIds, masks, times }: PackedDetections): NativeDetections {
  const timing = timingOf(times);
  return { boxes, scores, classIds, masks: masks === null ? null : masks.split('\n').slice(0, scores.length), timing };
}

const firstStation = 7;

function timingOf(times: Float64Array): NativeTiming {
  const at = (i: number) => times[i]!;
  const stations = {} as NativeTiming['stations'];
  stationNames.forEach((name, i) => {
    stations[name] = { ms: at(firstStation + 2 * i), multiplyAdds: at(firstStation + 2 * i + 1) };
  });
  return {
    queueMs: at(0),
    preprocessMs: at(1),
    modelMs: at(2),
    postprocessMs: at(3),
    batchSize: at(4),
    sampleRatio: at(5),
    predictedMs: at(6) > 0 ? at(6) : null,
    stations,
  };
}
