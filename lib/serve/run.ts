// A server's life: listen, load, serve, drain. Before it: cli/serve. After it: an exit status of 0.
// It listens before the models are loaded, so that /readyz can say "not yet".
import type { AddressInfo } from 'node:net';
import type { LoadOptions } from '../detector-options.js';
import { codeOf } from '../errors.js';
import { addon } from '../native.js';
import { expected, Words } from '../validate.js';
import { Models, type ModelName } from './models.js';
import { buildServer, type Server } from './server.js';
import type { ServeSettings } from './settings.js';

export interface ServeRun {
  settings: ServeSettings;
  weights: readonly ModelName[];
  load: LoadOptions;
  version: string;
  /** Ends the server: what was taken is finished. */
  signal: AbortSignal;
  /** Gets the address when pictures are taken. */
  onReady: (url: string) => Promise<void>;
}

/** Idle connections that a client keeps open do not hold up the end longer than this. */
const lingerMs = 2000;

/**
 * The server's own thread goes before the model's: with every core at work on pictures, whoever is turned away is told so within
 * milliseconds. Beside it, a thread of the model has a tenth of its weight (steps of nice); alone it is as quick.
 */
const stepsOfNice = 10;

/** Resolves when everything taken is answered and everything closed. */
export async function runServer({ settings, weights, load, version, signal, onReady }: ServeRun): Promise<void> {
  const models = new Models();
  const server = await buildServer(settings, models, version);
  const url = await listen(server, settings);
  try {
    addon().giveWayBy(stepsOfNice);
    await models.load(weights, { ...load, signal });
    server.door.state = 'open';
    server.app.log.info({ url, models: models.list().map(({ name }) => name) }, 'ready');
    await onReady(url);
    await aborted(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await stop(server, models, settings);
  }
}

async function listen({ app }: Server, { host, port }: ServeSettings): Promise<string> {
  await app.listen({ host, port, listenTextResolver: () => 'listening' }).catch((error: unknown) => {
    throw expected('an address that is free', '--host and --port', new Words(`${host}:${port} (${codeOf(error)})`));
  });
  const { address, family, port: chosen } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** By its deadline all that was taken has an answer: who has not fetched it then gets none. */
async function stop({ app, door }: Server, models: Models, { deadlineMs }: ServeSettings): Promise<void> {
  app.log.info({ pictures: door.pictures }, 'stopping');
  const hangUpAfter = (ms: number) => setTimeout(() => app.server.closeAllConnections(), Math.min(ms, 2 ** 31 - 1));
  const late = hangUpAfter(deadlineMs + lingerMs);
  await door.drain();
  clearTimeout(late);
  const idle = hangUpAfter(lingerMs);
  await app.close();
  clearTimeout(idle);
  await models.close();
  app.log.info('stopped');
}
