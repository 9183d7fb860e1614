// Where the time of a picture went, from its file to the caller, as rows for the table and the plot.
// Before it: bench-summary. After it: bench-text, bench-plot.
import { stationNames } from '../timing.js';
import type { StationSummary, Summary } from './bench-summary.js';

export interface BenchPart {
  name: string;
  ms: number;
  /** Of the stations of the model. */
  rate?: StationSummary;
}

const titles: Record<(typeof stationNames)[number], string> = {
  stem: 'stem',
  encoder: 'encoder',
  decoder: 'decoder',
  pyramid: 'pyramid',
  proposals: 'proposals',
  boxHead: 'box head',
  maskHead: 'mask head',
};

/** In the order of events. */
export function benchParts({ stagesMs, stations }: Summary): BenchPart[] {
  const model = stationNames.map((name) => ({ name: titles[name], ms: stations[name].ms, rate: stations[name] }));
  return [
    { name: 'decode', ms: stagesMs.decode },
    { name: 'queue', ms: stagesMs.queue },
    { name: 'resize, normalise', ms: stagesMs.preprocess },
    ...model,
    { name: 'paste, code', ms: stagesMs.postprocess },
    { name: 'Node', ms: stagesMs.node },
  ];
}

export const percentText = (share: number) => `${(100 * share).toFixed(1)} %`;
