// The map of the server: visit → rate limit → token → door → route → answer or problem. Before it: run. After it: the wire.
import { Socket } from 'node:net';
import cors from '@fastify/cors';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import fastify, { LogController } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { admit, detectPictures } from './detect-route.js';
import { Door } from './door.js';
import { Metrics } from './metrics.js';
import type { Models } from './models.js';
import { safeHeaders } from './page-policy.js';
import { describeProblem, HttpError, problemType, type Problem } from './problems.js';
import { addPublicRoutes } from './public-routes.js';
import { bodyMemory, type ServeSettings } from './settings.js';
import { answerBrokenRequest } from './socket-errors.js';
import { tokenCheck } from './tokens.js';
import { Visit } from './visit.js';

/** What the routes share. */
export interface ServerParts {
  settings: ServeSettings;
  models: Models;
  door: Door;
  metrics: Metrics;
  /** Of the package. */
  version: string;
}

export interface Server {
  app: FastifyInstance;
  /** Set its `state` to 'open' when the models are loaded. */
  door: Door;
}

/** A server that does not listen yet. */
export async function buildServer(settings: ServeSettings, models: Models, version: string): Promise<Server> {
  const { maxQueue, maxWaitMs } = settings;
  const waitSeconds = maxWaitMs === undefined ? undefined : maxWaitMs / 1000;
  const limits = { pictures: maxQueue, bytes: bodyMemory(settings), waitSeconds };
  const door = new Door(limits, (passes) => passes * meanSeconds(models));
  const parts = { settings, models, door, metrics: new Metrics(door, models), version };
  const app = newApp(settings);
  addVisits(app, parts);
  addAnswerTime(app, settings);
  addProblems(app, parts);
  addBodies(app, settings);
  if (settings.corsOrigins.length > 0) await app.register(cors, corsOptions(settings.corsOrigins));
  await app.register(rateLimit, { global: false });
  await app.register(multipart);
  const guards = guardsOf(app, settings);
  app.post('/v1/detect', { onRequest: [...guards, async (request) => admit(request, parts)] }, (request, reply) =>
    detectPictures(request, reply, parts),
  );
  await addPublicRoutes(app, parts, guards);
  return { app, door };
}

/** Seconds of one pass, the slowest model's. */
function meanSeconds(models: Models): number {
  const stats = models.list().map(({ detector }) => detector.stats());
  return Math.max(0, ...stats.map(({ meanComputeMs, meanBatchSize }) => meanComputeMs / Math.max(1, meanBatchSize))) / 1000;
}

function newApp({ logLevel, maxBodyBytes, requestMs, trustProxy }: ServeSettings): FastifyInstance {
  const app = fastify({
    logger: logLevel === 'silent' ? false : { level: logLevel, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }), // visits are logged once, when they have ended
    bodyLimit: maxBodyBytes,
    requestTimeout: requestMs,
    http: { headersTimeout: Math.ceil(requestMs / 6), connectionsCheckingInterval: Math.ceil(requestMs / 12) },
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    return503OnClosing: false, // the door says it in our form
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply as FastifyReply),
  }) as unknown as FastifyInstance;
  app.server.maxConnections = 4096;
  return app;
}

function addVisits(app: FastifyInstance, { metrics }: ServerParts): void {
  app.decorateRequest('visit');
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(safeHeaders);
    const visit = new Visit(request.raw, reply.raw, (status) => {
      metrics.visited(request.routeOptions.url ?? 'none', request.method, status, visit.elapsedMs);
      logVisit(request, status);
    });
    request.visit = visit;
  });
}

/** A connection that takes nothing of its answer for so long is closed. (Node sets its own time again when the answer is out.) */
function addAnswerTime(app: FastifyInstance, { requestMs }: ServeSettings): void {
  app.addHook('onSend', async ({ raw: { socket } }) => {
    if (socket instanceof Socket) socket.setTimeout(requestMs); // none where a test injects
  });
}

const pathOf = (url: string) => url.split('?', 1)[0]!;

/** Neither pictures nor headers nor the query: nothing that a log should not keep. */
function logVisit({ visit, method, url, ip, log }: FastifyRequest, status: number): void {
  const { model, pictures, code, elapsedMs } = visit;
  const path = pathOf(url).slice(0, 200);
  const entry = { method, path, status, ms: Math.round(elapsedMs * 10) / 10, ip, ...(pictures > 0 && { model, pictures }), ...(code && { code }) };
  log[path === '/healthz' || path === '/readyz' || path === '/metrics' ? 'debug' : 'info'](entry, 'request');
}

function addProblems(app: FastifyInstance, { metrics }: ServerParts): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, code } = sendProblem(error, request, reply);
    if ((status >= 500 || status === 429) && !request.visit.hasLeft) metrics.rejected(code);
  });
  addNotFound(app);
}

/** Said before a body is looked at: a method or path that is not there has no other fault. */
function addNotFound(app: FastifyInstance): void {
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => void methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]));
  const notFound = async ({ url, method }: FastifyRequest): Promise<never> => {
    const path = pathOf(url);
    const allowed = methods.get(path)?.join(', ');
    if (!allowed) throw new HttpError(404, `Expected a path that is known but received ${path.slice(0, 200)}`);
    throw new HttpError(405, `Expected ${allowed} for \`${path}\` but received ${method}`, { allow: allowed });
  };
  app.addHook('onRequest', async (request) => (request.is404 ? notFound(request) : undefined));
  app.setNotFoundHandler(notFound);
}

/** What ends because the caller left is no fault, and nobody hears of it: the visit tells it as 499. */
function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): Problem {
  const { problem, headers } = describeProblem(error, request.id);
  const visit = request.visit as Visit | undefined; // none where the framework refuses an address before all hooks
  if (visit) visit.code = problem.code;
  if (problem.status === 500 && !visit?.hasLeft) request.log.error({ err: error }, 'a request failed');
  void reply.code(problem.status).headers(headers).type(problemType).send(JSON.stringify(problem));
  return problem;
}

/** Pictures come as they are; options are checked by our own checks, not by schemas. */
function addBodies(app: FastifyInstance, { maxBodyBytes }: ServeSettings): void {
  const buffer = { parseAs: 'buffer', bodyLimit: maxBodyBytes } as const;
  for (const type of ['application/octet-stream', /^image\//]) {
    app.addContentTypeParser(type, buffer, (_request, body, done) => done(null, body));
  }
  app.removeContentTypeParser('text/plain');
}

const corsOptions = (origins: readonly string[]) => ({
  origin: origins.includes('*') ? '*' : [...origins],
  methods: ['GET', 'POST'],
  exposedHeaders: ['retry-after', 'mimdet-failed-images'],
});

function guardsOf(app: FastifyInstance, { ratePerMinute, tokens }: ServeSettings): onRequestHookHandler[] {
  const check = tokenCheck(tokens);
  const guards: onRequestHookHandler[] = [async (request) => check(request.headers.authorization)];
  if (ratePerMinute > 0) guards.unshift(rateGuard(app, ratePerMinute)); // first: guesses at tokens count too
  return guards;
}

function rateGuard(app: FastifyInstance, max: number): onRequestHookHandler {
  const tooMany = (_request: FastifyRequest, { after }: { after: string }) =>
    new HttpError(429, `Expected at most ${max} requests a minute; the next one may come in ${after}`, {}, 'ERR_MIMDET_QUEUE_FULL');
  return app.rateLimit({ max, timeWindow: 60_000, errorResponseBuilder: tooMany }) as unknown as onRequestHookHandler;
}
