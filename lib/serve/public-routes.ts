// Everything but detection: models, health, metrics, the OpenAPI document and its page, the page at `/`.
// Before it: server. After it: the wire.
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { describeServed } from './models.js';
import { openapi } from './openapi.js';
import { page } from './page.js';
import { documentPolicy } from './page-policy.js';
import { HttpError } from './problems.js';
import type { ServerParts } from './server.js';

/** @param guards rate limit and token, for what is not for everybody */
export async function addPublicRoutes(app: FastifyInstance, parts: ServerParts, guards: onRequestHookHandler[]): Promise<void> {
  const { door, models, metrics } = parts;
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    if (door.state !== 'open') throw new HttpError(503, `Expected an open server but it is ${door.state}`, {}, 'ERR_MIMDET_DISPOSED');
    return { status: 'ready' };
  });
  app.get('/v1/models', { onRequest: guards }, async () => {
    if (door.state === 'loading') throw new HttpError(503, 'The models are being loaded', {}, 'ERR_MIMDET_DISPOSED');
    return { models: models.list().map((model, i) => describeServed(model, i === 0)) };
  });
  app.get('/metrics', { onRequest: guards }, async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  addPage(app);
  await addDocuments(app, parts);
}

function addPage(app: FastifyInstance): void {
  app.get('/', async (request: FastifyRequest, reply: FastifyReply) => {
    const { html, etag, contentSecurityPolicy } = page();
    void reply.headers({ etag, 'cache-control': 'no-cache', 'content-security-policy': contentSecurityPolicy });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('text/html; charset=utf-8').send(html);
  });
}

/** The document is for everybody; names of models and classes are not, where a token is wanted. */
async function addDocuments(app: FastifyInstance, { settings, version, models }: ServerParts): Promise<void> {
  const document = () => openapi(settings, version, settings.tokens.length > 0 ? [] : models.list());
  app.get('/openapi.json', async () => document());
  await app.register(fastifySwagger, { mode: 'static', specification: { document: document() as never } });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    transformSpecification: document,
    transformSpecificationClone: false,
    staticCSP: true,
    transformStaticCSP: () => documentPolicy,
    uiConfig: { deepLinking: false },
  });
}
