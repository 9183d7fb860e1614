// Checks an object that claims to be a line of `--format jsonl`, for it may come from anybody's file.
// Before it: `Detections.fromJSON`. After it: the same, with values of the right kinds.
import type { DetectionsJson } from './detections.js';
import { expected, integer, number, text } from './validate.js';

type JsonInstance = DetectionsJson['instances'][number];

const anyNumber = number(-Number.MAX_VALUE, Number.MAX_VALUE);
const side = integer(1, 2 ** 31 - 1);

/** The same values, checked; `ms` may be missing. Throws ERR_MIMDET_INVALID_ARGUMENT that names the place. */
export function parseDetections(json: unknown): DetectionsJson {
  const { width, height, instances, ms, sampleRatio } = fields(json, 'detections');
  if (!Array.isArray(instances)) throw expected('an array', 'instances', instances);
  const times = ms === undefined ? {} : fields(ms, 'ms');
  return {
    width: side(width, 'width'),
    height: side(height, 'height'),
    instances: instances.map((entry, i) => parseInstance(entry, `instances[${i}]`, [height, width] as [number, number])),
    ms: {
      decode: milliseconds(times, 'decode'),
      queue: milliseconds(times, 'queue'),
      model: milliseconds(times, 'model'),
      total: milliseconds(times, 'total'),
    },
    ...(sampleRatio !== undefined && { sampleRatio: number(0, 1, { above: true })(sampleRatio, 'sampleRatio') }),
  };
}

function parseInstance(entry: unknown, name: string, size: [number, number]): JsonInstance {
  const given = fields(entry, name);
  const box = parseBox(given['box'], `${name}.box`);
  const instance: JsonInstance = {
    class: text(given['class'], `${name}.class`),
    classId: integer(0)(given['classId'], `${name}.classId`),
    score: anyNumber(given['score'], `${name}.score`),
    box,
  };
  return given['mask'] == null ? instance : { ...instance, mask: parseMask(given['mask'], `${name}.mask`, size) };
}

function parseBox(box: unknown, name: string): JsonInstance['box'] {
  if (!Array.isArray(box) || box.length !== 4) throw expected('[x1, y1, x2, y2]', name, box);
  return box.map((value, i) => anyNumber(value, `${name}[${i}]`)) as JsonInstance['box'];
}

function parseMask(mask: unknown, name: string, [height, width]: [number, number]): NonNullable<JsonInstance['mask']> {
  const { size, counts } = fields(mask, name);
  const fits = Array.isArray(size) && size.length === 2 && size[0] === height && size[1] === width;
  if (!fits) throw expected(`[${height}, ${width}], the picture's height and width`, `${name}.size`, size);
  if (typeof counts !== 'string') throw expected('COCO compressed run lengths', `${name}.counts`, counts);
  return { size: [height, width], counts };
}

function milliseconds(times: Record<string, unknown>, key: string): number {
  return times[key] === undefined ? 0 : anyNumber(times[key], `ms.${key}`);
}

function fields(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('an object', name, value);
  return value as Record<string, unknown>;
}
