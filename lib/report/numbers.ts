// Numbers as people read them, and round numbers for axes. Used by charts and tables of the report.

/** Three significant digits, no needless zeros: 0.0123, 1,240, 3.1e-7. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return 'not finite';
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return trimmed(value.toExponential(2));
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** An AP between 0 and 1 as it stands in papers, times 100; a dash where there is nothing to count. */
export const percent = (value: number | undefined): string =>
  value === undefined || value < 0 ? '–' : (100 * value).toFixed(1);

/** "1 h 12 min", "4 min 5 s", "12 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** "1 step", "3 steps". */
export const count = (number: number, word: string): string =>
  `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;

/** About `wanted` round numbers from below `min` to above `max`. */
export function niceTicks(min: number, max: number, wanted: number): number[] {
  const span = max > min ? max - min : Math.abs(max) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= wanted)!;
  const first = Math.floor(min / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten around two positive numbers; at least two. */
export function logTicks(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(max) - 1e-9));
  const step = Math.ceil((last - first) / 6);
  return Array.from({ length: Math.ceil((last - first) / step) + 1 }, (_, i) => 10 ** (first + i * step));
}

const trimmed = (text: string): string => text.replace(/\.?0+e/, 'e').replace('e+', 'e');
