// A mask as it is stored, column by column, for drawing: no bitmap of the whole picture is made. Before it: mask.ts. After it: canvas.
import type { Mask } from '../mask.js';

/** Rows of a column from `top` on, before `bottom`. */
export interface Span {
  top: number;
  bottom: number;
}

export interface MaskColumn {
  x: number;
  spans: readonly Span[];
  /** Of the columns beside it, where the mask's rim is not. */
  left: readonly Span[];
  right: readonly Span[];
}

/** The columns with something in them, from left to right. Throws ERR_MIMDET_INVALID_ARGUMENT where the run lengths are none. */
export function* maskColumns(mask: Mask): Generator<MaskColumn> {
  if (mask.area === 0) return; // it also checks the run lengths
  let before: Column | undefined;
  let column: Column | undefined;
  for (const next of columnsOf(mask)) {
    if (column) yield { ...column, left: spansAt(before, column.x - 1), right: spansAt(next, column.x + 1) };
    [before, column] = [column, next];
  }
  if (column) yield { ...column, left: spansAt(before, column.x - 1), right: [] };
}

interface Column {
  x: number;
  spans: Span[];
}

const spansAt = (column: Column | undefined, x: number) => (column?.x === x ? column.spans : []);

function* columnsOf({ size: [height], counts }: Mask): Generator<Column> {
  let column: Column | undefined;
  for (const [start, end] of onesOf(counts)) {
    for (let from = start; from < end; ) {
      const x = Math.floor(from / height);
      const top = from - x * height;
      const bottom = Math.min(height, top + end - from);
      if (column && column.x !== x) yield column;
      if (column?.x !== x) column = { x, spans: [] };
      append(column.spans, top, bottom);
      from += bottom - top;
    }
  }
  if (column) yield column;
}

/** A run of no zeros parts nothing. */
function append(spans: Span[], top: number, bottom: number): void {
  const last = spans.at(-1);
  if (last?.bottom === top) last.bottom = bottom;
  else spans.push({ top, bottom });
}

/** Where the runs of ones start and end, counted down the columns. */
function* onesOf(counts: string): Generator<[start: number, end: number]> {
  let at = 0;
  let isInside = false;
  for (const run of runsOf(counts)) {
    if (isInside) yield [at, at + run];
    at += run;
    isInside = !isInside;
  }
}

/** COCO's letters: five bits each, the lowest first, 32 where more follow, the last one's 16 for a sign; from the fourth run on, differences to the last but one. */
function* runsOf(counts: string): Generator<number> {
  const runs: [number, number] = [0, 0]; // the last two, in turn
  for (let at = 0, i = 0; at < counts.length; i++) {
    let [value, place, letter] = [0, 1, 32];
    for (; letter & 32; place *= 32) {
      letter = counts.charCodeAt(at++) - 48;
      value += (letter & 31) * place;
    }
    if (letter & 16) value -= place;
    const run = i > 2 ? value + runs[i % 2]! : value;
    runs[i % 2] = run;
    yield run;
  }
}

/** The parts of `spans` where `others` have nothing; both from top to bottom. */
export function* without(spans: readonly Span[], others: readonly Span[]): Generator<Span> {
  let next = 0;
  for (const { top, bottom } of spans) {
    let from = top;
    while (next < others.length && others[next]!.bottom <= top) next++;
    for (let i = next; i < others.length && others[i]!.top < bottom; i++) {
      if (others[i]!.top > from) yield { top: from, bottom: others[i]!.top };
      from = others[i]!.bottom;
    }
    if (from < bottom) yield { top: from, bottom };
  }
}
