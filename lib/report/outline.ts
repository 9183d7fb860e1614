// Outlines of masks as short SVG paths: points that the eye cannot miss are left out. Before it: picture-pair. After it: a
// path's `d`.

export type Point = readonly [x: number, y: number];

/**
 * The points of rings `x0 y0 x1 y1 …`.
 * @param most of one ring; of a longer one only every second, third … is taken, as leaving points out takes time in their square
 */
export function pointsOf(rings: readonly (readonly number[])[], most: number): Point[][] {
  return rings.map((ring) => {
    const points: Point[] = [];
    const step = 2 * Math.ceil(ring.length / 2 / most);
    for (let i = 0; i + 1 < ring.length; i += step) points.push([ring[i]!, ring[i + 1]!]);
    return points;
  });
}

export function corners([x1, y1, x2, y2]: readonly [number, number, number, number]): Point[] {
  return [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ];
}

/** A path's `d`. */
export const outlinePath = (rings: readonly (readonly Point[])[]): string => rings.map(ringPath).join('');

const ringPath = (points: readonly Point[]): string =>
  `M${points.map(([x, y]) => `${rounded(x)} ${rounded(y)}`).join('L')}Z`;

const rounded = (value: number): number => Math.round(value * 10) / 10;

/**
 * Leaves out points that lie no farther than `tolerance` beside the line.
 * Ramer, Douglas and Peucker's way, with a list instead of recursion: a ring may be long.
 */
export function simplify(points: readonly Point[], tolerance: number): Point[] {
  if (points.length < 4) return [...points];
  const keep = new Uint8Array(points.length);
  // A ring has no ends: it is split at its first point and at the one farthest from that.
  const middle = farthest(points, 0, points.length - 1, points[0]!, points[0]!).index;
  keep[0] = keep[middle] = keep[points.length - 1] = 1;
  const open: [number, number][] = [
    [0, middle],
    [middle, points.length - 1],
  ];
  for (let range = open.pop(); range; range = open.pop()) {
    const [first, last] = range;
    const { index, distance } = farthest(points, first, last, points[first]!, points[last]!);
    if (distance <= tolerance) continue;
    keep[index] = 1;
    open.push([first, index], [index, last]);
  }
  return points.filter((_, i) => keep[i]);
}

/** Of the points between two, that which lies farthest from the line between `a` and `b`. */
function farthest(
  points: readonly Point[],
  first: number,
  last: number,
  a: Point,
  b: Point,
): { index: number; distance: number } {
  let best = { index: first, distance: -1 };
  for (let index = first + 1; index < last; index++) {
    const distance = distanceTo(points[index]!, a, b);
    if (distance > best.distance) best = { index, distance };
  }
  return best;
}

function distanceTo([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.hypot(dx, dy);
  return length === 0 ? Math.hypot(x - ax, y - ay) : Math.abs((x - ax) * dy - (y - ay) * dx) / length;
}
