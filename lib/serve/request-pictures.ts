// A request's body becomes pictures and options: a form with fields `image`, JSON with base64, or one picture's bytes.
// Before it: the door. After it: detect-route. Text is never a path or an address: nothing is opened or fetched for a caller.
import type { FastifyRequest } from 'fastify';
import { toMimdetError } from '../errors.js';
import { expected, Words } from '../validate.js';
import { optionNames, parseTextOptions, type TextOptions } from './call-options.js';
import { HttpError } from './problems.js';
import type { ServeSettings } from './settings.js';

export interface SentPicture {
  /** The name that the caller gave, else `image`. */
  file: string;
  bytes: Uint8Array;
}

export interface SentCall {
  pictures: SentPicture[];
  /** Whether the answer is a list even for one picture. */
  isList: boolean;
  options: Record<string, unknown>;
}

type Limits = Pick<ServeSettings, 'maxBodyBytes' | 'maxImages'>;

/** Throws ERR_MIMDET_INVALID_ARGUMENT for what is no such body; 413 for too much. */
export async function readPictures(request: FastifyRequest, limits: Limits): Promise<SentCall> {
  const call = request.isMultipart() ? await readForm(request, limits) : readBody(request.body, limits);
  if (call.pictures.length === 0) throw expected('a picture', 'image', new Words('none'));
  return call;
}

function readBody(body: unknown, limits: Limits): SentCall {
  if (body instanceof Uint8Array) return { pictures: [{ file: 'image', bytes: body }], isList: false, options: {} };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw expected('an object with `image` or `images`', 'body', body);
  }
  const { image, images, ...options } = body as Record<string, unknown>;
  if ((image === undefined) === (images === undefined)) {
    throw expected('either `image` or `images`', 'body', new Words(image === undefined ? 'neither' : 'both'));
  }
  if (images === undefined) return { pictures: [fromBase64(image, 'image')], isList: false, options };
  if (!Array.isArray(images)) throw expected('a list of pictures in base64', 'images', images);
  checkCount(images.length, limits);
  return { pictures: images.map((each, i) => fromBase64(each, `images[${i}]`)), isList: true, options };
}

/** Strict: `Buffer.from` alone would skip what is no base64, and make a picture of an address. */
function fromBase64(value: unknown, name: string): SentPicture {
  if (typeof value !== 'string') throw expected('a picture in base64', name, value);
  const letters = value.replace(/\s+/g, '').replace(/={1,2}$/, '');
  const bytes = Buffer.from(letters, 'base64');
  const isWhole = bytes.length > 0 && letters.length % 4 !== 1 && bytes.length === Math.floor((letters.length * 3) / 4);
  if (!isWhole) throw expected('a picture in base64', name, value.slice(0, 40));
  return { file: name.replace('images', 'image'), bytes };
}

async function readForm(request: FastifyRequest, limits: Limits): Promise<SentCall> {
  const pictures: SentPicture[] = [];
  const fields: Record<string, string[]> = {};
  let total = 0;
  try {
    for await (const part of request.parts({ limits: formLimits(limits) })) {
      if (part.type === 'field') {
        (fields[checkField(part.fieldname)] ??= []).push(String(part.value));
        continue;
      }
      const bytes = await readFile(part.file, limits.maxBodyBytes - total);
      checkImageField(part.fieldname);
      if (!bytes) throw tooLarge(limits.maxBodyBytes);
      total += bytes.length;
      pictures.push({ file: part.filename || 'image', bytes });
    }
  } catch (error) {
    throw formError(error);
  }
  checkCount(pictures.length, limits);
  return { pictures, isList: pictures.length > 1, options: parseTextOptions(single(fields)) };
}

/** undefined where it is longer than `most`: what comes after that is not kept. */
async function readFile(file: AsyncIterable<Uint8Array>, most: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file) {
    if ((length += chunk.length) > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** One file more than allowed is read, so that the message can say how many are. */
const formLimits = ({ maxBodyBytes, maxImages }: Limits) => ({
  fileSize: maxBodyBytes + 1,
  files: maxImages + 1,
  fields: 64,
  fieldSize: 65_536,
  fieldNameSize: 100,
  headerPairs: 100,
});

const single = (fields: Record<string, string[]>): TextOptions =>
  Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, values.length === 1 ? values[0] : values]));

/** Before a name becomes a member of an object. */
function checkField(name: string): string {
  if (name === 'image') throw expected('a file', 'image', new Words('text (a form sends a file with a file name)'));
  if (!(optionNames as string[]).includes(name)) throw expected(`one of image, ${optionNames.join(', ')}`, 'form', name);
  return name;
}

function checkImageField(name: string): void {
  if (name !== 'image') throw expected('`image` as the name of every file', 'form', name);
}

function checkCount(count: number, { maxImages }: Limits): void {
  if (count > maxImages) throw new HttpError(413, `Expected at most ${maxImages} pictures for \`image\` but received ${count}`);
}

export function tooLarge(maxBodyBytes: number): HttpError {
  return new HttpError(413, `Expected at most ${maxBodyBytes} bytes for \`body\` but received more`);
}

/** What the form's reader says of a broken form is the caller's fault. */
function formError(error: unknown): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (toMimdetError(error) === error) return error;
  if (statusCode === 413) return new HttpError(413, `Expected less for \`form\` but received too much: ${message}`);
  return expected('a whole form (multipart/form-data)', 'body', new Words(`a broken one (${message})`), undefined, error);
}
