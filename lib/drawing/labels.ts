// Finds a place for each label, best score first: above its box, below, or inside, where no other label lies.
// A label that fits nowhere loses its name, then its place: on a crowded picture readable labels are worth more than all labels.
import type { Rectangle } from './canvas.js';
import { textSize } from './canvas.js';

export interface Label extends Rectangle {
  text: string;
  /** Of the instance that it belongs to. */
  index: number;
}

/**
 * One after the other; undefined for one without a place.
 * @param boxes of the instances, in pixels of the canvas, best first
 * @param texts for each instance what it may say, longest first
 * @param size pixels of a letter's square
 */
export function* placeLabels(
  boxes: readonly Rectangle[],
  texts: readonly (readonly string[])[],
  size: number,
  canvas: { width: number; height: number },
): Generator<Label | undefined> {
  const placed: Label[] = [];
  for (const [index, box] of boxes.entries()) {
    const place = candidates(box, texts[index]!, size, canvas).find((each) => !placed.some((other) => overlap(each, other)));
    const label = place && { ...place, index };
    if (label) placed.push(label);
    yield label;
  }
}

type Candidate = Omit<Label, 'index'>;

function candidates(
  box: Rectangle,
  texts: readonly string[],
  size: number,
  canvas: { width: number; height: number },
): Candidate[] {
  return texts.flatMap((text) => {
    const { width, height } = textSize(text, size);
    const rows = [box.y - height, box.y + box.height, box.y];
    return rows.map((row) => ({
      text,
      width,
      height,
      x: clamp(box.x, canvas.width - width),
      y: clamp(row, canvas.height - height),
    }));
  });
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
