// POST /v1/detect, a map: door → pictures and options → model → answer. Before it: rate limit and token. After it: the wire.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readDetectOptions, type DetectOptions } from '../detector-options.js';
import { expected, integer, number, Words } from '../validate.js';
import { checkFormat, chooseFormat, writeAnswer, type Outcome } from './answer.js';
import { watchPace } from './body-pace.js';
import { readCallOptions, type CallOptions, type TextOptions } from './call-options.js';
import type { ServerParts } from './server.js';
import type { Model } from './models.js';
import { checkPixels } from './pixel-limit.js';
import { isOwnFault } from './problems.js';
import { readPictures, tooLarge, type SentPicture } from './request-pictures.js';
import { leastPriority } from './settings.js';
import { countPasses } from './tile-limit.js';
import { callerName } from './tokens.js';

/** Before the body is read. Throws 413, 503. */
export function admit(request: FastifyRequest, { door, settings: { maxBodyBytes, requestMs } }: ServerParts): void {
  const length = Number(request.headers['content-length'] ?? maxBodyBytes); // unknown: as much as it may be
  if (length > maxBodyBytes) throw tooLarge(maxBodyBytes);
  const { arrive, leave } = door.enter(length);
  const unwatch = watchPace(request.raw, length, requestMs);
  request.visit.keep(() => (unwatch(), leave()));
  request.visit.arrive = () => (unwatch(), arrive());
}

/** The whole call. Throws what a problem document can be made of. */
export async function detectPictures(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: ServerParts,
): Promise<FastifyReply> {
  const { visit } = request;
  const { pictures, isList, options } = await readPictures(request, parts.settings);
  const query = request.query as TextOptions;
  check(readCallOptions(query, {}), parts); // alone: what is wrong there must not hide behind the body
  const call = readCallOptions(query, options);
  const { model, deadlineMs, tile } = check(call, parts);
  const format = chooseFormat(call.format, request.headers.accept);
  checkFormat(format, pictures.length);
  Object.assign(visit, { model: model.name, pictures: pictures.length });
  const passes = await countPasses(pictures, tile, model.detector.info.minSize, parts.settings);
  visit.arrive(); // in the same turn: nobody gets in between
  const give = parts.door.take(pictures.length, passes);
  try {
    const caller = callerName(parts.settings.tokens, request.headers.authorization, request.ip);
    const detect = { ...call.detect, caller, signal: visit.signal };
    const outcomes = await Promise.all(
      pictures.map((picture) => lookAt(picture, model, detect, deadlineMs, request, parts)),
    );
    if (format !== 'json' || !isList) throwWhereNoneIsFound(outcomes);
    const { type, headers, body } = await writeAnswer(outcomes, format, isList, visit.signal);
    return reply.headers({ ...headers, vary: 'accept' }).type(type).send(body);
  } finally {
    give();
  }
}

/** A wrong option is told before any picture's fault. Throws ERR_MIMDET_INVALID_ARGUMENT. */
function check({ detect, model: name, deadlineMs }: CallOptions, { models, settings }: ServerParts) {
  const model = models.find(name);
  const { native, tile } = readDetectOptions(detect, model.detector.info);
  integer(leastPriority, settings.maxPriority)(native.priority, 'priority');
  return { model, tile, deadlineMs: readDeadline(deadlineMs, settings.deadlineMs) };
}

/** A caller may wait for less than the server does, not for more. */
function readDeadline(asked: unknown, most: number): number {
  return asked === undefined ? most : Math.min(number(0, 2 ** 31 - 1, { above: true })(asked, 'deadlineMs'), most);
}

/** One picture: what is wrong with it is its own matter; a caller that left ends all. */
async function lookAt(
  picture: SentPicture,
  { name, detector }: Model,
  options: DetectOptions,
  deadlineMs: number,
  { visit, log }: FastifyRequest,
  { settings, metrics }: ServerParts,
): Promise<Outcome> {
  try {
    await checkPixels(picture.bytes, settings.maxPixels);
    const left = deadlineMs - visit.elapsedMs;
    if (left <= 0) throw late(deadlineMs, visit.elapsedMs);
    const detections = await detector.detect(picture.bytes, { ...options, deadlineMs: left });
    metrics.found(name, detections.timing);
    return { picture, detections };
  } catch (error) {
    if (visit.signal.aborted) throw visit.signal.reason;
    metrics.failed(name, error);
    if (isOwnFault(error)) log.error({ err: error }, 'a picture failed');
    return { picture, error };
  }
}

function late(deadlineMs: number, elapsedMs: number) {
  const received = new Words(`one after ${elapsedMs.toFixed(0)} ms`);
  return expected(`an answer within ${deadlineMs} ms`, 'deadlineMs', received, 'ERR_MIMDET_DEADLINE');
}

/** Where an answer has no place for errors, and where a picture came alone, its error is the request's. */
function throwWhereNoneIsFound(outcomes: Outcome[]): void {
  if (outcomes.every(({ detections }) => !detections)) throw outcomes[0]!.error;
}
