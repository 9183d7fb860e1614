// What the tests of the server share: a server with the bundled model, forms as bytes, pictures.
import { readFileSync } from 'node:fs';
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
