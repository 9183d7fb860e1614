// A place for each label, best score first: above its box, below, or inside, where no other label lies. One that fits nowhere
// loses its name, then its place: readable labels are worth more than all labels. Before it: scene. After it: the same.

/**
 * @param {{ x: number, y: number, width: number, height: number, always?: boolean }[]} frames of the instances, in pixels of the
 *   stage; `always`: however small the frame is
 * @param {string[][]} texts for each frame what its label may say, longest first
 * @param {(text: string) => number} widthOf
 * @param {number} height of a label
 * @returns {{ index: number, text: string, x: number, y: number, width: number, height: number }[]}
 */
export function placeLabels(frames, texts, widthOf, height, stage) {
  const grid = new LabelGrid();
  const roomFor = (frame) => (frame.always ? Infinity : (frames.length > crowd ? 1.2 : 2.5) * frame.width + 12);
  const placed = [];
  frames.forEach((frame, index) => {
    const isSeen =
      frame.x < stage.width && frame.y < stage.height && frame.x + frame.width > 0 && frame.y + frame.height > 0;
    const label =
      isSeen &&
      candidates(frame, texts[index], roomFor(frame), widthOf, height, stage).find((place) => grid.isFree(place));
    if (!label) return;
    grid.add(label);
    placed.push({ index, ...label });
  });
  return placed;
}

/** Of so many, names would hide what they name. */
const crowd = 40;

/** @param {number} room a label much wider than its box would seem to belong to the neighbours */
function candidates(frame, texts, room, widthOf, height, stage) {
  return texts.flatMap((text) => {
    const width = widthOf(text);
    if (width > room) return [];
    const x = within(frame.x, stage.width - width);
    return [frame.y - height, frame.y + frame.height, frame.y].map((y) => ({
      text,
      x,
      y: within(y, stage.height - height),
      width,
      height,
    }));
  });
}

const within = (value, most) => Math.max(0, Math.min(value, most));

/** Labels by squares of the stage, so that each is compared with its neighbours alone. */
class LabelGrid {
  #squares = new Map();

  isFree(label) {
    return this.#keys(label).every((key) => !this.#squares.get(key)?.some((other) => overlap(label, other)));
  }

  add(label) {
    for (const key of this.#keys(label)) this.#squares.set(key, [...(this.#squares.get(key) ?? []), label]);
  }

  #keys({ x, y, width, height }) {
    const keys = [];
    for (let row = y >> 6; row <= (y + height) >> 6; row++)
      for (let column = x >> 6; column <= (x + width) >> 6; column++) keys.push(`${row} ${column}`);
    return keys;
  }
}

const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
