// Masks as transparent pictures: one of all that is shown, one of the instance under the pointer. Before it: results. After it:
// scene. They are painted when the filter changes, and only copied when the stage is drawn.
import { paintRuns } from './run-lengths.js';

const fillAlpha = 110;
const rimAlpha = 235;

/**
 * @param {number} longest the layer has every second, third … pixel of a picture whose longer side is more
 * @returns {{ canvas: HTMLCanvasElement, left: number, top: number, width: number, height: number }} its place in the picture
 */
export function paintMasks(picture, instances, colourFor, longest) {
  const step = Math.max(1, Math.ceil(Math.max(picture.width, picture.height) / longest));
  const grid = newGrid({ left: 0, top: 0, right: picture.width, bottom: picture.height }, step);
  const largestFirst = instances.filter(({ ends }) => ends).sort((a, b) => b.area - a.area); // small ones stay on top
  largestFirst.forEach(({ ends }, i) => paintRuns(ends, picture.height, grid, i + 1));
  return toLayer(grid, largestFirst.map(colourFor), fillAlpha, rimAlpha);
}

/** One instance alone, stronger. null where it has no mask. */
export function paintHighlight(picture, instance, colour, longest) {
  if (!instance.ends) return null;
  const step = Math.max(1, Math.ceil(Math.max(picture.width, picture.height) / longest));
  const [x1, y1, x2, y2] = instance.box;
  const low = (value) => Math.max(0, Math.floor((value - 2) / step) * step); // on the squares of the other layer
  const right = Math.min(picture.width, Math.ceil(x2) + 2);
  const bottom = Math.min(picture.height, Math.ceil(y2) + 2);
  const area = { left: Math.min(low(x1), right - 1), top: Math.min(low(y1), bottom - 1), right, bottom };
  const grid = newGrid(area, step);
  paintRuns(instance.ends, picture.height, grid, 1);
  return toLayer(grid, [colour], 175, 255);
}

function newGrid({ left, top, right, bottom }, step) {
  const width = Math.max(1, Math.ceil((right - left) / step));
  const height = Math.max(1, Math.ceil((bottom - top) / step));
  return { cells: new Uint16Array(width * height), width, height, left, top, step };
}

function toLayer(grid, colours, fill, rim) {
  const { width, height, left, top, step } = grid;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const image = new ImageData(width, height);
  colourCells(grid, new Uint32Array(image.data.buffer), paletteOf(colours, fill), paletteOf(colours, rim));
  canvas.getContext('2d').putImageData(image, 0, 0);
  return { canvas, left, top, width: width * step, height: height * step };
}

/** Colours as the words of an ImageData: red in the lowest byte. */
const paletteOf = (colours, alpha) =>
  Uint32Array.from([
    0,
    ...colours.map(([red, green, blue]) => ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0),
  ]);

/** A cell is rim where a cell beside it belongs to another. */
function colourCells({ cells, width, height }, pixels, fills, rims) {
  const thick = Math.max(1, Math.round(Math.max(width, height) / 700));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const owner = cells[at];
      if (owner === 0) continue;
      const isFill =
        x >= thick &&
        x + thick < width &&
        y >= thick &&
        y + thick < height &&
        cells[at - thick] === owner &&
        cells[at + thick] === owner &&
        cells[at - thick * width] === owner &&
        cells[at + thick * width] === owner;
      pixels[at] = isFill ? fills[owner] : rims[owner];
    }
  }
}
