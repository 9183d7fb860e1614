// One XML of Pascal VOC. Entities of its own are never read: a document type is refused before the parser sees it.
// Before it: voc. After it: names, sizes and corners.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { isDecimal } from '../validate.js';
import type { DatasetFault } from './dataset.js';
import { fault, words } from './draft.js';

export interface VocObject {
  /** Its place in the file, from 1. */
  number: number;
  name: string;
  /** xmin ymin xmax ymax as the file has them: from 1, inclusive. */
  corners: [number, number, number, number];
  difficult: boolean;
}

export interface VocAnnotation {
  filename: string | undefined;
  /** 0 where the file says nothing. */
  width: number;
  height: number;
  objects: VocObject[];
}

/** Paths and trimming would triple the time, and are not needed. */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  jPath: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  isArray: (name) => name === 'object',
});

type Node = Record<string, unknown>;

const nodeOf = (value: unknown): Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {};
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** NaN for what is no decimal number. */
const numberOf = (value: unknown): number => (isDecimal(textOf(value) ?? '') ? Number(value) : NaN);

function objectOf(entry: unknown, number: number, file: string): VocObject | DatasetFault {
  const node = nodeOf(entry);
  const name = textOf(node['name']);
  const where = { file, annotation: number, class: name };
  if (name === undefined) return fault('wrong-type', where, 'a class', 'object.name', words('none'));
  if (node['bndbox'] === undefined) return fault('wrong-type', where, 'a box', 'object.bndbox', words('none'));
  const box = nodeOf(node['bndbox']);
  const corners = ['xmin', 'ymin', 'xmax', 'ymax'].map((corner) => numberOf(box[corner])) as VocObject['corners'];
  if (!corners.every(Number.isFinite)) {
    const shown = ['xmin', 'ymin', 'xmax', 'ymax'].map((corner) => String(textOf(box[corner]) ?? 'none').slice(0, 50));
    return fault('not-a-number', where, 'numbers xmin, ymin, xmax, ymax', 'object.bndbox', shown);
  }
  return { number, name, corners, difficult: numberOf(node['difficult']) === 1 };
}

function sizeOf(root: Node, file: string, faults: DatasetFault[]): { width: number; height: number } {
  const size = nodeOf(root['size']);
  const sides = [size['width'], size['height']];
  const [width, height] = sides.map((side) => (side === undefined ? 0 : numberOf(side))) as [number, number];
  if (sides.every((side) => side === undefined) || (width >= 0 && height >= 0)) return { width, height };
  faults.push(fault('not-a-number', { file }, 'numbers width and height', 'size', sides.map(textOf)));
  return { width: 0, height: 0 };
}

/** Faults of single objects go to `faults`. @throws Error with the reason where the whole cannot be understood */
export function parseVocXml(text: string, file: string, faults: DatasetFault[]): VocAnnotation {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new Error('a document type or entities, which are never read');
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(`${valid.err.msg} in line ${valid.err.line}`);
  const document = parser.parse(text) as Node;
  if (!('annotation' in document)) throw new Error('XML without <annotation>');
  const root = nodeOf(document['annotation']);
  const entries = Array.isArray(root['object']) ? (root['object'] as unknown[]) : [];
  const objects: VocObject[] = [];
  entries.forEach((entry, i) => {
    const found = objectOf(entry, i + 1, file);
    if ('code' in found) faults.push(found);
    else objects.push(found);
  });
  return { filename: textOf(root['filename']), ...sizeOf(root, file, faults), objects };
}
