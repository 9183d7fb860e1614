// What the tests of the server share: a server with the bundled model, forms as bytes, pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { InjectOptions } from 'fastify';
import { Detector } from '../lib/index.js';
import { Models } from '../lib/serve/models.js';
import { buildServer, type Server } from '../lib/serve/server.js';
import { defaultSettings, type ServeSettings } from '../lib/serve/settings.js';

export const picture = readFileSync(fileURLToPath(new URL('../examples/pictures/0e4c2e2780de.png', import.meta.url)));

export const loadNuclei = () => Detector.load('nuclei', { device: 'cpu', threads: 1 });

/** A server that takes pictures; the detector stays the test's. */
export async function openServer(detector: Detector, settings: Partial<ServeSettings> = {}): Promise<Server> {
  const models = new Models();
  models.add('nuclei', detector);
  const server = await buildServer({ ...defaultSettings, logLevel: 'silent', ...settings }, models, '0.0.0');
  server.door.state = 'open';
  return server;
}

/** A server that listens, for one test. */
export async function listeningServer(
  detector: Detector,
  t: { after(end: () => unknown): void },
  settings: Partial<ServeSettings> = {},
): Promise<Server & { url: string; port: number }> {
  const server = await openServer(detector, settings);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  t.after(async () => {
    server.app.server.closeAllConnections();
    await server.app.close();
  });
  const { port } = server.app.server.address() as AddressInfo;
  return { ...server, url: `http://127.0.0.1:${port}`, port };
}

export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await delay(10);
  assert.ok(condition(), 'it did not come to be within 5 s');
}

/** `image` fields and others as a request's body. */
export async function form(files: [name: string, bytes: Uint8Array][], fields: [string, string][] = []): Promise<InjectOptions> {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  for (const [name, bytes] of files) data.append('image', new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
  const encoded = new Response(data);
  const headers = { 'content-type': encoded.headers.get('content-type')! };
  return { method: 'POST', url: '/v1/detect', headers, payload: Buffer.from(await encoded.arrayBuffer()) };
}

export const raw = (bytes: Uint8Array, url = '/v1/detect', headers: Record<string, string> = {}): InjectOptions => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'image/png', ...headers },
  payload: Buffer.from(bytes),
});

export const json = (payload: object, url = '/v1/detect'): InjectOptions => ({ method: 'POST', url, payload });
