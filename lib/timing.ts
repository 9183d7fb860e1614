// Where the time of a call went: the addon's times of a pass, and those of several passes that make one result.
// Before it: the addon. After it: detections.ts, `mimdet bench`.
import type { NativeTiming } from './native-types.js';

export const stationNames = ['stem', 'encoder', 'decoder', 'pyramid', 'proposals', 'boxHead', 'maskHead'] as const;
export type StationName = (typeof stationNames)[number];

/** What one station of the model took, and the multiply-adds of its convolutions, linear layers and attention. */
export interface StationWork {
  ms: number;
  multiplyAdds: number;
}

/** Of no pass. */
export function noTiming(): NativeTiming {
  const stations = Object.fromEntries(stationNames.map((name) => [name, { ms: 0, multiplyAdds: 0 }]));
  return {
    queueMs: 0,
    preprocessMs: 0,
    modelMs: 0,
    postprocessMs: 0,
    batchSize: 0,
    sampleRatio: 1,
    predictedMs: null,
    stations: stations as Record<StationName, StationWork>,
  };
}

/** Adds another pass of the same call. */
export function addTiming(sum: NativeTiming, own: NativeTiming): void {
  for (const part of ['queueMs', 'preprocessMs', 'modelMs', 'postprocessMs'] as const) sum[part] += own[part];
  for (const name of stationNames) {
    sum.stations[name].ms += own.stations[name].ms;
    sum.stations[name].multiplyAdds += own.stations[name].multiplyAdds;
  }
  sum.batchSize = Math.max(sum.batchSize, own.batchSize);
  sum.sampleRatio = Math.min(sum.sampleRatio, own.sampleRatio);
}
