// Pictures in: any ImageInput becomes RGB as it is seen (EXIF applied), 8 bits, alpha dropped, profiles not applied.
// Before it: detector.ts. After it: the addon, which resizes and normalises. Decoding is sharp's (libvips), off the main thread.
import { availableParallelism } from 'node:os';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { abortable } from './abort.js';
import { Admission, type Standing } from './admission.js';
import { decodeBmp, isBmp } from './bmp.js';
import type { MimdetError } from './errors.js';
import { readFileOnce, toPath } from './location.js';
import { pixelCount } from './picture-size.js';
import { PixelCopies } from './pixel-copies.js';
import { abortSignal, copyOf, expected, integer, readOptions, Words } from './validate.js';

/** A picture as pixels, row by row, `width * height * channels` bytes: grey, RGB, or RGB and an alpha that is dropped. */
export interface RawImage {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: 1 | 3 | 4;
}

/** A path, a file: URL, the bytes of an encoded picture (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP), or pixels. */
export type ImageInput = string | URL | Uint8Array | RawImage;

/** A picture as the model will see it. */
export interface DecodedImage {
  /** RGB, row by row. */
  data: Uint8Array;
  width: number;
  height: number;
  channels: 3;
}

export interface DecodeOptions {
  /** Pictures of more pixels are refused with ERR_MIMDET_DECODE, by their header. Default 268402689, as in sharp. */
  maxPixels?: number;
  signal?: AbortSignal;
}

const defaultMaxPixels = 268_402_689;

const decodeOptions = { maxPixels: integer(1), signal: abortSignal };

// A decode holds a thread of Node's pool (4 unless UV_THREADPOOL_SIZE says otherwise): one stays free for files and DNS.
const poolSize = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
/** Who is in may wait for memory; nobody who holds memory may wait to get in, or both would wait for ever. */
export const decoding = new Admission(Math.max(1, Math.min(availableParallelism(), poolSize - 1)));

/**
 * Decodes a picture: EXIF orientation applied, first frame, 16 bits reduced to the high byte, alpha and profiles ignored.
 * Rejects with ERR_MIMDET_DECODE for what is no whole picture, ERR_MIMDET_INVALID_ARGUMENT for what can be none.
 */
export async function decodeImage(image: ImageInput, options?: DecodeOptions): Promise<DecodedImage> {
  const given = readOptions(decodeOptions, options);
  given.signal?.throwIfAborted();
  return decodeSnapshot(takeSnapshot(image), given);
}

/** An input that nobody else can change or detach any more: a path, bytes of our own, pixels of our own. */
export type Snapshot = string | Uint8Array | RawImage;

/** What decoding waits for, beside a thread. */
export interface DecodeWork extends DecodeOptions {
  standing?: Standing;
  /** Waits for room for so many bytes of pixels. Called before they are there, with the decoder's thread held: see {@link decoding}. */
  admit?: (bytes: number) => Promise<void>;
}

const pixelCopies = new PixelCopies();

/** Checks an input and copies what its owner could change while another thread reads. Throws ERR_MIMDET_INVALID_ARGUMENT. */
export function takeSnapshot(image: ImageInput): Snapshot {
  if (typeof image === 'string' || image instanceof URL) return toPath(image, 'image');
  if (image instanceof Uint8Array) return copyOf(image, 'image');
  if (typeof image === 'object' && image !== null && 'data' in image) return checkRaw(image);
  throw expected('a path, a file: URL, a Uint8Array or { data, width, height, channels }', 'image', image);
}

/** Ends a snapshot, whose picture nobody reads any more: its memory is the next one's. */
export function endSnapshot(source: Snapshot): void {
  if (typeof source === 'object' && 'data' in source) pixelCopies.give(source.data as Uint8Array);
}

/** Decodes what `takeSnapshot` gave. */
export async function decodeSnapshot(source: Snapshot, work: DecodeWork): Promise<DecodedImage> {
  const { maxPixels = defaultMaxPixels, signal, standing } = work;
  const isRaw = typeof source === 'object' && !(source instanceof Uint8Array);
  if (isRaw) return abortable(decodeRaw(source, maxPixels, work), signal);
  return abortable(
    decoding.run(() => decodeEncoded(source, maxPixels, work), signal, standing),
    signal,
  );
}

function checkRaw(image: RawImage): RawImage {
  const { data, width, height, channels } = image;
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) {
    throw expected('a Uint8Array or Uint8ClampedArray', 'image.data', data);
  }
  integer(1)(width, 'image.width');
  integer(1)(height, 'image.height');
  if (channels !== 1 && channels !== 3 && channels !== 4) throw expected('1, 3 or 4', 'image.channels', channels);
  if (data.length !== width * height * channels) {
    const what = `${width} x ${height} x ${channels} = ${width * height * channels} bytes`;
    throw expected(what, 'image.data', new Words(`${data.length}`));
  }
  return { data: pixelCopies.take(data), width, height, channels };
}

async function decodeRaw(image: RawImage, maxPixels: number, { signal, standing, admit }: DecodeWork): Promise<DecodedImage> {
  const { data, width, height, channels } = image;
  if (width * height > maxPixels) throw tooManyPixels(maxPixels, `${width} x ${height}`);
  if (channels === 3) {
    await admit?.(data.length);
    return { data: data as Uint8Array, width, height, channels };
  }
  const convert = async () => {
    await admit?.(3 * width * height);
    return toRgb(sharp(data, { raw: { width, height, channels }, limitInputPixels: false }), maxPixels);
  };
  return decoding.run(convert, signal, standing);
}

/** How a picture's file is read. */
export const imageFile = { name: 'image', code: 'ERR_MIMDET_DECODE', sniff: checkSignature } as const;

async function decodeEncoded(source: string | Uint8Array, maxPixels: number, { signal, admit }: DecodeWork): Promise<DecodedImage> {
  signal?.throwIfAborted();
  const bytes = typeof source === 'string' ? await readFileOnce(source, { ...imageFile, signal }) : source;
  checkSignature(bytes);
  if (admit) await admitByHeader(bytes, maxPixels, admit);
  if (isBmp(bytes)) return decodeBmp(bytes, maxPixels);
  return toRgb(openEncoded(bytes, { limitInputPixels: maxPixels, autoOrient: true }), maxPixels);
}

/** More than `maxPixels` is refused by the decoder: no room is waited for. */
async function admitByHeader(bytes: Uint8Array, maxPixels: number, admit: NonNullable<DecodeWork['admit']>): Promise<void> {
  const pixels = await pixelCount(bytes, () => openEncoded(bytes, { limitInputPixels: false }).metadata());
  if (pixels <= maxPixels) await admit(3 * pixels);
}

/**
 * `failOn: 'error'`: a cut or damaged file is an error, never half a picture. 'warning' would also refuse what every viewer shows,
 * such as stray bytes between a JPEG's segments.
 */
export function openEncoded(source: string | Uint8Array, options: SharpOptions): Sharp {
  return sharp(source, { failOn: 'error', ignoreIcc: true, ...options });
}

/** Its pixels as the model sees them. */
export function asRgb(picture: Sharp): Sharp {
  stopCaching();
  return picture.toColourspace('srgb').removeAlpha();
}

async function toRgb(picture: Sharp, maxPixels: number): Promise<DecodedImage> {
  const raw = asRgb(picture).raw({ depth: 'uchar' });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    throw decodeError(error, maxPixels);
  });
  if (info.channels !== 3) throw decodeError(new Error(`${info.channels} channels`), maxPixels);
  const { width, height } = info;
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, channels: 3 };
}

let caching = true;

/** libvips keeps results for equal operations. Pictures come once each: the cache would only hold memory. */
function stopCaching(): void {
  if (caching) sharp.cache(false);
  caching = false;
}

export function decodeError(error: unknown, maxPixels: number): MimdetError {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('exceeds pixel limit')) return tooManyPixels(maxPixels, 'more', error);
  const firstLine = message.split('\n')[0]!.replace(/:$/, '');
  return expected(
    'a whole picture',
    'image',
    new Words(`a file that cannot be decoded (${firstLine})`),
    'ERR_MIMDET_DECODE',
    error,
  );
}

export function tooManyPixels(maxPixels: number, received: string, cause?: unknown): MimdetError {
  return expected(`a picture of at most ${maxPixels} pixels`, 'image', new Words(received), 'ERR_MIMDET_DECODE', cause);
}

const signatures: RegExp[] = [
  /^\xff\xd8\xff/, // JPEG
  /^\x89PNG\r\n/,
  /^GIF8[79]a/,
  /^RIFF[^]{4}WEBP/,
  /^(II[*+]\0|MM\0[*+])/, // TIFF, BigTIFF
  /^[^]{4}ftyp/, // AVIF
  /^BM/, // BMP
];

/**
 * Lets nothing but photographs' formats through, whatever the file is called. sharp alone would also draw SVG,
 * which may name other files.
 */
export function checkSignature(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString('latin1');
  if (signatures.some((signature) => signature.test(start))) return;
  const received = bytes.length === 0 ? 'an empty file' : describeStart(start);
  throw expected('a picture (JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP)', 'image', new Words(received), 'ERR_MIMDET_DECODE');
}

function describeStart(start: string): string {
  const letters = start.slice(0, 12).replace(/[^\x20-\x7e]/g, '.');
  return `something that begins with ${JSON.stringify(letters)}`;
}
