// Masks from COCO's compressed run lengths. Before it: results. After it: mask-layer paints them, results finds what lies at a
// point. A mask is kept as the places where its runs end, counted column by column; runs at odd places lie inside.

/**
 * @param {string} counts
 * @param {number} pixels of the picture: the runs must end there
 * @returns {Uint32Array} ends of the runs; throws a RangeError where the text is no such mask
 */
export function decodeRuns(counts, pixels) {
  const runs = [];
  for (let at = 0; at < counts.length;) {
    let run = 0;
    let bits;
    let shift = 0;
    do {
      bits = counts.charCodeAt(at++) - 48;
      if (!(bits >= 0 && bits < 64) || shift > 30) throw new RangeError('no run lengths');
      run |= (bits & 31) << shift;
      shift += 5;
    } while (bits & 32);
    if (bits & 16 && shift < 32) run |= -1 << shift; // the sign
    runs.push(runs.length > 2 ? run + runs[runs.length - 2] : run); // from the third on, differences
  }
  return endsOf(runs, pixels);
}

function endsOf(runs, pixels) {
  const ends = new Uint32Array(runs.length);
  let end = 0;
  runs.forEach((run, i) => {
    end += run;
    if (run < 0 || end > pixels) throw new RangeError('runs that leave the picture');
    ends[i] = end;
  });
  if (end !== pixels) throw new RangeError('runs that end before the picture does');
  return ends;
}

/** Pixels inside. */
export function areaOf(ends) {
  let area = 0;
  for (let i = 1; i < ends.length; i += 2) area += ends[i] - ends[i - 1];
  return area;
}

/** Whether a pixel lies inside. @param place x · height + y */
export function isInside(ends, place) {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > place) high = middle;
    else low = middle + 1;
  }
  return low < ends.length && low % 2 === 1;
}

/**
 * Writes `value` wherever the mask is.
 * @param {{ cells: Uint16Array, width: number, height: number, left: number, top: number, step: number }} grid every `step`-th
 *   pixel of the picture, row by row, from pixel (left, top) on
 * @param {number} height of the picture
 */
export function paintRuns(ends, height, grid, value) {
  const { step, left } = grid;
  for (let i = 1; i < ends.length; i += 2) {
    for (let from = ends[i - 1]; from < ends[i];) {
      const x = Math.floor(from / height);
      const y = from - x * height;
      const bottom = Math.min(height, y + ends[i] - from);
      const column = (x - left) / step;
      if (column >= 0 && column < grid.width && Number.isInteger(column)) paintColumn(grid, column, y, bottom, value);
      from += bottom - y;
    }
  }
}

function paintColumn({ cells, width, height, top, step }, column, y, bottom, value) {
  const last = Math.min(height, Math.ceil((bottom - top) / step));
  for (let row = Math.max(0, Math.ceil((y - top) / step)); row < last; row++) cells[row * width + column] = value;
}
