// Long runs made short enough for a picture: neighbouring steps joined, with their mean and their range. Before it: metrics.
// After it: charts.

export interface ThinPoint {
  /** The last step of those that are joined. */
  x: number;
  mean: number;
  low: number;
  high: number;
}

/** At most about `most` points of `[step, value]`; values that are not finite are left out. */
export function thin(points: readonly (readonly [x: number, y: number])[], most = 160): ThinPoint[] {
  const finite = points.filter(([, y]) => Number.isFinite(y));
  const size = Math.max(1, Math.ceil(finite.length / most));
  const all: ThinPoint[] = [];
  for (let start = 0; start < finite.length; start += size) all.push(joined(finite.slice(start, start + size)));
  return all;
}

function joined(points: readonly (readonly [number, number])[]): ThinPoint {
  const values = points.map(([, y]) => y);
  return { x: points.at(-1)![0], mean: mean(values), low: Math.min(...values), high: Math.max(...values) };
}

/** 0 of no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
