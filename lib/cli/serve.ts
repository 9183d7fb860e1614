// `mimdet serve`: a server in front of one or several models. Before it: the command line. After it: lib/serve/run.
// The server's packages are loaded here and nowhere else: other commands start without them.
import { isIP } from 'node:net';
import type { Options } from 'yargs';
import { packageVersion } from '../folders.js';
import { readModelNames } from '../serve/models.js';
import { defaultSettings, mebibyte, type ServeSettings } from '../serve/settings.js';
import { readTokens } from '../serve/tokens.js';
import { integer, number } from '../validate.js';
import { defineCommand } from './command.js';
import { wrongUsage } from './exit.js';
import { flags, loadOptions, modelFlags, quiet, type ModelArgs } from './flags.js';
import { writeOut } from './output.js';

interface Args extends Omit<ModelArgs, 'weights'> {
  weights?: string[];
  host: string;
  port: number;
  maxQueueDelayMs?: number;
  maxBody: number;
  maxImages: number;
  maxPixels: number;
  maxTiles: number;
  maxPriority: number;
  maxQueue: number;
  maxWaitMs?: number;
  deadlineMs: number;
  rate: number;
  tokenFile?: string;
  corsOrigin?: string[];
  trustProxy?: string[];
  quiet: boolean;
}

const defaults = defaultSettings;
const several = (describe: string): Options => flags.text(describe, { array: true });

const options: Record<string, Options> = {
  ...modelFlags,
  weights: { ...several('a bundled name or a .safetensors file, or NAME=FILE; several for several models'), alias: 'w', group: 'Model:' },
  'max-queue-delay-ms': flags.value('max-queue-delay-ms', number(0, 60_000), 'how long a picture may wait for company (default 0)', {
    group: 'Model:',
  }),
  ...flags.grouped('Server:', {
    host: flags.text('address to listen at', { default: defaults.host }),
    port: flags.value('port', integer(0, 65_535), '0 takes a free one', { default: defaults.port, alias: 'p' }),
    'token-file': flags.text('a file with a bearer token on each line: only who sends one may call'),
    'cors-origin': several("an origin whose pages may call (https://example.org), or '*'; default: none"),
    'trust-proxy': several('the address of a proxy whose X-Forwarded-For is believed'),
  }),
  ...flags.grouped('Limits:', {
    'max-body': flags.value('max-body', number(0, 4096, { above: true }), 'MiB of a request', { default: defaults.maxBodyBytes / mebibyte }),
    'max-images': flags.value('max-images', integer(1, 10_000), 'pictures of a request', { default: defaults.maxImages }),
    'max-pixels': flags.value('max-pixels', integer(1, 268_402_689), 'pixels of a picture', { default: defaults.maxPixels }),
    'max-tiles': flags.value('max-tiles', integer(1, 10_000_000), 'tiles of a request with `tile`', { default: defaults.maxTiles }),
    'max-priority': flags.value('max-priority', integer(0, 1000), 'the highest `priority` that a caller may ask for', {
      default: defaults.maxPriority,
    }),
    'max-queue': flags.value('max-queue', integer(1, 1_000_000), 'pictures that wait or are at work; more is refused', {
      default: defaults.maxQueue,
    }),
    'max-wait-ms': flags.value(
      'max-wait-ms',
      number(0, 2 ** 31 - 1, { above: true }),
      'what the pictures taken may need, by the time that pictures took so far; more is refused',
      {},
    ),
    'deadline-ms': flags.value('deadline-ms', number(0, 2 ** 31 - 1, { above: true }), 'a request is given up after this', {
      default: defaults.deadlineMs,
    }),
    rate: flags.value('rate', integer(0, 1_000_000), 'requests of one client in a minute; 0: no limit', { default: defaults.ratePerMinute }),
  }),
  quiet: { ...quiet, describe: 'log errors alone' },
};

/** MIMDET_LOG names a level; --quiet goes before it. */
function logLevel(isQuiet: boolean): string {
  const level = process.env['MIMDET_LOG'] ?? 'info';
  if (isQuiet) return 'error';
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].includes(level) ? level : 'info';
}

function checkOrigins(origins: readonly string[]): readonly string[] {
  for (const origin of origins) {
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin))
      throw wrongUsage(`Expected an origin such as https://example.org for \`--cors-origin\` but received ${origin}`);
  }
  return origins;
}

function checkProxies(addresses: readonly string[]): readonly string[] {
  for (const address of addresses) {
    const [ip = '', bits = '1', ...rest] = address.split('/');
    const isWidth = /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (isIP(ip) === 4 ? 32 : 128);
    if (isIP(ip) === 0 || !isWidth || rest.length > 0) throw wrongUsage(`Expected an address or a network for \`--trust-proxy\` but received ${address}`);
  }
  return addresses;
}

async function settingsOf(args: Args): Promise<ServeSettings> {
  const { host, port, maxImages, maxPixels, maxTiles, maxPriority, maxQueue, maxWaitMs, deadlineMs, rate } = args;
  return {
    ...defaults,
    ...{ host, port, maxImages, maxPixels, maxTiles, maxPriority, maxQueue, maxWaitMs, deadlineMs },
    maxBodyBytes: Math.max(1, Math.floor(args.maxBody * mebibyte)),
    ratePerMinute: rate,
    tokens: args.tokenFile === undefined ? [] : await readTokens(args.tokenFile),
    corsOrigins: checkOrigins(args.corsOrigin ?? []),
    trustProxy: checkProxies(args.trustProxy ?? []),
    logLevel: logLevel(args.quiet),
  };
}

async function run(_operands: string[], args: Args, signal: AbortSignal): Promise<number> {
  if (!args.weights?.length) throw wrongUsage('Expected a name or a file for `--weights` but received nothing');
  const weights = readModelNames(args.weights);
  const settings = await settingsOf(args);
  const load = {
    ...loadOptions({ ...args, weights: undefined }, signal),
    maxQueueDelayMs: args.maxQueueDelayMs,
    maxQueueSize: settings.maxQueue,
  };
  const { runServer } = await import('../serve/run.js');
  const onReady = (url: string) => writeOut(`Listening on ${url}\n`);
  await runServer({ settings, weights, load, version: packageVersion(), signal, onReady });
  return 0;
}

export const serve = defineCommand<Args>({
  name: 'serve',
  operands: '',
  count: { min: 0, max: 0 },
  summary: 'answer HTTP requests: POST /v1/detect, a page at /, /docs, /metrics',
  details: 'Listens on this machine alone unless --host says otherwise. Ctrl-C finishes what was taken, a second one does not wait.',
  options,
  examples: [
    ['mimdet serve --weights nuclei', 'http://127.0.0.1:8080'],
    ['curl -F image=@cells.png http://127.0.0.1:8080/v1/detect', 'ask it'],
    ['mimdet serve -w nuclei -w people=base.safetensors --host 0.0.0.0 --token-file tokens.txt', 'two models, for others, with a token'],
  ],
  run,
});
