// Line charts as inline SVG, drawn when the report is written. Before it: sections of the report. After it: page-script shows
// values under the pointer, or with the arrow keys, from the numbers that stand in `data-chart`.
import { html, raw, type Content, type Html } from './html.js';
import { logTicks, niceTicks, short } from './numbers.js';
import type { ThinPoint } from './thin.js';

export interface Series {
  name: string;
  /** 1 to 5: which colour of the style sheet. */
  colour: number;
  points: ThinPoint[];
  /** Mark every point; for few. */
  dots?: boolean;
}

export interface Chart {
  title: string;
  /** Under the axis. */
  x: string;
  series: Series[];
  wide?: boolean;
  /** Default: what the means need, from 0. */
  yRange?: [low: number, high: number];
  xRange?: [low: number, high: number];
  log?: boolean;
}

interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface Axis {
  ticks: number[];
  /** A value's place in pixels of the SVG. */
  at(value: number): number;
}

const frameOf = (wide: boolean | undefined): Frame =>
  wide
    ? { width: 760, height: 280, left: 54, right: 748, top: 10, bottom: 244 }
    : { width: 370, height: 200, left: 50, right: 360, top: 10, bottom: 164 };

/** Nothing where no series has a point. */
export function chart(given: Chart): Html {
  const series = given.series.filter(({ points }) => points.length > 0);
  if (series.length === 0) return raw('');
  const frame = frameOf(given.wide);
  const x = xAxis(given, series, frame);
  const y = yAxis(given, series, frame);
  const data = JSON.stringify({ x: given.x, series: series.map((one) => hoverData(one, x, y)) });
  return html`<figure class="chart${given.wide ? ' wide' : ''}" tabindex="0" data-chart="${data}">
<figcaption>${given.title}${series.length > 1 && legend(series)}</figcaption>
<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${spoken(given, series)}">
${grid(frame, x, y)}
<text class="axis" x="${(frame.left + frame.right) / 2}" y="${frame.height - 4}" text-anchor="middle">${given.x}</text>
<svg x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${frame.bottom - frame.top}"
 viewBox="${frame.left} ${frame.top} ${frame.right - frame.left} ${frame.bottom - frame.top}">
${series.map((one) => lines(one, x, y))}</svg>${series.map((one) => dots(one, x, y))}
<g class="cursor" data-top="${frame.top}" data-bottom="${frame.bottom}"></g></svg><output aria-live="polite"></output></figure>`;
}

function xAxis({ xRange }: Chart, series: Series[], { left, right }: Frame): Axis {
  const values = series.flatMap(({ points }) => points.map(({ x }) => x));
  const [low, high] = xRange ?? [Math.min(...values), Math.max(...values)];
  const span = high - low || 1;
  const whole = values.every(Number.isInteger); // steps: there is none between two
  const ticks = niceTicks(low, high, right - left > 400 ? 8 : 4).filter(
    (tick) => tick >= low && tick <= high && (!whole || Number.isInteger(tick)),
  );
  return { ticks, at: (value) => left + ((value - low) / span) * (right - left) };
}

/** The range is that of the means: one wild step would flatten everything else. Ranges of joined steps may be cut off. */
function yAxis({ yRange, log }: Chart, series: Series[], { top, bottom }: Frame): Axis {
  const means = series.flatMap(({ points }) => points.map(({ mean }) => mean));
  const [least, most] = yRange ?? [Math.min(...means), Math.max(...means)];
  if (log && most > 0) {
    const ticks = logTicks(Math.min(...means.filter((value) => value > 0)), most);
    const [low, high] = [Math.log10(ticks[0]!), Math.log10(ticks.at(-1)!)];
    return { ticks, at: (value) => bottom - ((Math.log10(Math.max(value, 1e-300)) - low) / (high - low)) * (bottom - top) };
  }
  const ticks = niceTicks(yRange ? least : Math.min(0, least), yRange ? most : most + 0.04 * Math.abs(most), 5);
  const [low, high] = yRange ?? [ticks[0]!, ticks.at(-1)!];
  const inside = ticks.filter((tick) => tick >= low && tick <= high);
  return { ticks: inside, at: (value) => bottom - ((value - low) / (high - low || 1)) * (bottom - top) };
}

function grid({ left, right, bottom }: Frame, x: Axis, y: Axis): Content[] {
  return [
    ...y.ticks.map((tick) => {
      const at = px(y.at(tick));
      return html`<path class="grid" d="M${left} ${at}H${right}"/>
<text class="tick" x="${left - 6}" y="${at + 4}" text-anchor="end">${short(tick)}</text>`;
    }),
    ...x.ticks.map((tick) => {
      const at = px(x.at(tick));
      return html`<path class="grid" d="M${at} ${bottom}v4"/>
<text class="tick" x="${at}" y="${bottom + 17}" text-anchor="middle">${short(tick)}</text>`;
    }),
  ];
}

function lines({ points, colour }: Series, x: Axis, y: Axis): Content {
  const line = points.map(({ x: at, mean }) => `${px(x.at(at))} ${px(y.at(mean))}`).join('L');
  return html`${band(points, colour, x, y)}<path class="line s${colour}" d="M${line}"/>`;
}

/** Not cut off at the frame, unlike lines. A single point has no line to be seen by. */
function dots({ points, colour, dots: wanted }: Series, x: Axis, y: Axis): Content {
  if (!wanted && points.length > 1) return undefined;
  return points.map(
    ({ x: at, mean }) => html`<circle class="dot s${colour}" cx="${px(x.at(at))}" cy="${px(y.at(mean))}" r="3"/>`,
  );
}

/** The range of joined steps, behind the line of their means. */
function band(points: ThinPoint[], colour: number, x: Axis, y: Axis): Content {
  if (points.every(({ low, high }) => low === high)) return undefined;
  const place = (at: number, value: number) => `${px(x.at(at))} ${px(y.at(value))}`;
  const there = points.map(({ x: at, high }) => place(at, high));
  const back = points.map(({ x: at, low }) => place(at, low)).reverse();
  return html`<path class="band s${colour}" d="M${[...there, ...back].join('L')}Z"/>`;
}

function legend(series: Series[]): Html {
  return html`<span class="legend">${series.map(
    ({ name, colour }) =>
      html`<span><svg width="16" height="8" aria-hidden="true"><path class="line s${colour}" d="M0 4H16"/></svg>${name}</span>`,
  )}</span>`;
}

/** Pixels and values: the script draws marks without knowing of axes. */
function hoverData({ name, colour, points }: Series, x: Axis, y: Axis) {
  const of = (point: ThinPoint) => [px(x.at(point.x)), px(y.at(point.mean)), short(point.x), short(point.mean)];
  return { name, colour, points: points.map(of) };
}

/** What a screen reader says of the picture. */
function spoken({ title, x }: Chart, series: Series[]): string {
  const each = series.map(({ name, points }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    return `${name}: ${short(first.mean)} at ${short(first.x)}, ${short(last.mean)} at ${short(last.x)}`;
  });
  return `${title} over ${x}. ${each.join('; ')}`;
}

const px = (value: number): number => Math.round(value * 10) / 10;
