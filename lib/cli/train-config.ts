// The configuration of `mimdet train`: of --config, of the run that goes on, and the flags, which go before both.
// Before it: train. After it: `new Trainer(config)`.
import { join } from 'node:path';
import { isFile } from '../data/files.js';
import { readConfigFile } from '../train/config-file.js';
import type { TrainConfig } from '../train/config.js';
import { expected } from '../validate.js';
import { wrongUsage } from './exit.js';

export interface TrainArgs {
  config?: string;
  data?: string;
  val?: string;
  images?: string;
  init?: string;
  model?: string;
  out?: string;
  steps?: number;
  epochs?: number;
  batch?: number;
  lr?: number;
  seed?: number;
  threads?: number;
  device?: string;
  maxDets?: number;
  evaluateEvery?: string | number;
  checkpointEvery?: string | number;
  patience?: number;
  /** '' where the option has no value. */
  resume?: string;
  strict: boolean;
}

type Section = Record<string, unknown>;

/** @throws ERR_MIMDET_INVALID_ARGUMENT where nothing names the data, or the folder to go on in holds no run */
export async function trainConfig(args: TrainArgs): Promise<TrainConfig> {
  const file = await startingConfig(args);
  const config = withFlags(file, args);
  const { data } = config;
  if (data === undefined || (typeof data === 'object' && (data as Section | null)?.['path'] === undefined))
    throw wrongUsage('Expected a data set for `--data` (or in `--config`) but received nothing');
  return config as unknown as TrainConfig;
}

async function startingConfig({ config, resume, out }: TrainArgs): Promise<Section> {
  const read = config === undefined ? {} : asObject(await readConfigFile(config, '--config'));
  const folder = resume || out || ((read['output'] as Section | undefined)?.['dir'] as string | undefined);
  if (config !== undefined || resume === undefined || folder === undefined) return read;
  const earlier = join(folder, 'config.yaml');
  if (await isFile(earlier)) return asObject(await readConfigFile(earlier, '--resume'));
  if (resume) throw wrongUsage(`Expected the folder of a run for \`--resume\` but received ${folder} (it has no config.yaml)`);
  return read;
}

function asObject(value: unknown): Section {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('an object', '--config', value);
  return value as Section;
}

/** A flag that says the same in another way takes the place of what the file says: steps of epochs, lr of baseLr. */
function withFlags(config: Section, args: TrainArgs): Section {
  const { data, val, images, init, model, out, resume, steps, epochs, batch, lr, seed, threads, device, strict } = args;
  const output = {
    dir: out ?? (resume || undefined),
    maxDets: args.maxDets,
    patience: args.patience,
    evaluateEvery: args.evaluateEvery,
    checkpointEvery: args.checkpointEvery,
  };
  return clean({
    ...config,
    ...(init !== undefined && { init }),
    ...(model !== undefined && { model }),
    data: merged(config['data'], { path: data, val, images, strict: strict || undefined }, {}, 'path'),
    schedule: merged(config['schedule'], { steps, epochs, batch, seed }, { steps: ['epochs'], epochs: ['steps'] }),
    optimizer: merged(config['optimizer'], { lr }, { lr: ['baseLr'] }),
    output: merged(config['output'], output),
    compute: merged(config['compute'], { threads, device }),
  });
}

/** @param short the key that a section in one word stands for */
function merged(section: unknown, flags: Section, replaces: Record<string, string[]> = {}, short?: string): unknown {
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  if (given.length === 0) return section;
  const base = typeof section === 'string' && short ? { [short]: section } : section;
  if (base !== undefined && (typeof base !== 'object' || base === null)) return section; // told when it is checked
  const out = new Set(given.flatMap(([key]) => replaces[key] ?? []));
  const kept = Object.entries(base ?? {}).filter(([key]) => !out.has(key));
  return Object.fromEntries([...kept, ...given]);
}

const clean = (section: Section): Section =>
  Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));
