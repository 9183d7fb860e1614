// The `tta` option: in which views a picture is seen, every scale with every way of mirroring it.
// Before it: detector-options.ts. After it: the addon (native/inference/test_time_augmentation), which brings the views together.
import type { NativeView } from './native-types.js';
import { expected, number, oneOf, readOptions, type Check } from './validate.js';

export type Flip = 'horizontal' | 'vertical';

export interface TestTimeAugmentation {
  /** Also mirrored; with both, also turned by 180 degrees. `true` is horizontally. Default true. */
  flips?: boolean | readonly Flip[];
  /** The sizes at which a picture is seen, 1 being the usual one. 1 to 8 numbers from 0.25 to 4. Default 0.75, 1, 1.25. */
  scales?: readonly number[];
}

const defaultScales = [0.75, 1, 1.25];

const flips: Check<readonly Flip[]> = (value, name) => {
  if (typeof value === 'boolean') return value ? ['horizontal'] : [];
  if (!Array.isArray(value)) throw expected("true, false or a list of 'horizontal' and 'vertical'", name, value);
  return value.map((flip, i) => oneOf('horizontal', 'vertical')(flip, `${name}[${i}]`));
};

const scales: Check<readonly number[]> = (value, name) => {
  if (!Array.isArray(value) || value.length < 1 || value.length > 8) throw expected('a list of 1 to 8 scales', name, value);
  return value.map((scale, i) => number(0.25, 4)(scale, `${name}[${i}]`));
};

/** `true`, `false`, or which views. Reads the views themselves: none where there is no augmentation. */
export const tta: Check<NativeView[]> = (value, name) => {
  if (value === false) return [];
  if (value !== true && (typeof value !== 'object' || value === null)) throw expected('true, false or { flips, scales }', name, value);
  return views(readOptions({ flips, scales }, value === true ? {} : value, name));
};

function views({ flips = ['horizontal'], scales = defaultScales }: { flips?: readonly Flip[]; scales?: readonly number[] }) {
  const horizontal = flips.includes('horizontal') ? [false, true] : [false];
  const vertical = flips.includes('vertical') ? [false, true] : [false];
  return [...new Set(scales)].flatMap((scale) =>
    vertical.flatMap((flipVertical) => horizontal.map((flipHorizontal) => ({ scale, flipHorizontal, flipVertical }))),
  );
}
