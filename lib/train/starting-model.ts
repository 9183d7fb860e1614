// Which model is trained, and from which weights: the configuration as JSON for the addon, with the data's classes.
// Before it: config.ts, lib/data (the classes). After it: resolve.ts.
import { basename } from 'node:path';
import { toPath } from '../location.js';
import { callNative } from '../native.js';
import { bundledModels, resolveModel } from '../model-source.js';
import type { ModelConfig } from '../model-info.js';
import { expected, Words } from '../validate.js';
import type { CheckedConfig } from './config.js';
import { readConfigFile } from './config-file.js';
import type { Start } from './learning-rate.js';
import type { RunState } from './run-state.js';

export interface StartingModel {
  config: ModelConfig;
  /** A file of weights; '' for random ones. */
  init: string;
  start: Start;
  /** For messages and the model card: 'nuclei', a file's name, 'random weights'. */
  from: string;
}

/** A model without a word about its weights or its size starts from these. */
const defaultInit = 'nuclei';

/**
 * @param checkpoint of a run that goes on, which knows its model: the initial weights are not read, and may be gone
 * @throws ERR_MIMDET_WEIGHTS, _INVALID_ARGUMENT
 */
export async function startingModel(config: CheckedConfig, classes: string[], checkpoint?: string): Promise<StartingModel> {
  const source = sourceOf(config);
  const { file, stored, start } = (checkpoint !== undefined && inCheckpoint(checkpoint)) || (await inWeights(source));
  const base = await chosenConfig(config, stored);
  return { config: withChanges(base, config, classes), init: file, start, from: nameOf(source) };
}

/** The same wherever the run goes on from. */
function nameOf(source: string): string {
  if (source === 'fresh') return 'random weights';
  return bundledModels().includes(source) ? source : basename(toPath(source, 'init'));
}

/** A bundled name, a file, or 'fresh'. */
function sourceOf({ init, model }: CheckedConfig): string {
  const isTiny = model.config === undefined && (model.preset ?? 'tiny') === 'tiny';
  return init ?? (isTiny && bundledModels().includes(defaultInit) ? defaultInit : 'fresh');
}

interface Stored {
  file: string;
  stored: ModelConfig | undefined;
  start: Start;
}

/** What a file of weights says of itself: its model, and whether it holds a detector or what pre-training gave. */
async function inWeights(source: string): Promise<Stored> {
  if (source === 'fresh') return { file: '', stored: undefined, start: 'random' };
  const file = (await resolveModel(source)) as string;
  const { config, format } = inspect(file);
  return { file, stored: config ?? undefined, start: format === 'mimdet-init' ? 'pretrained' : 'trained' };
}

/** Undefined for the checkpoint of an earlier version, which does not say what the run started from, and for what is none. */
function inCheckpoint(file: string): Stored | undefined {
  const { metadata } = inspect(file);
  try {
    const { model } = JSON.parse(metadata['options']!) as { model: ModelConfig };
    const { start } = JSON.parse(metadata['state']!) as RunState;
    return start && { file: '', stored: model, start };
  } catch {
    return undefined;
  }
}

interface Inspected {
  config: ModelConfig | null;
  format: string;
  metadata: Record<string, string>;
}

function inspect(file: string): Inspected {
  return JSON.parse(callNative((native) => native.inspectWeights(file))) as Inspected;
}

/** What the user names, else the model of the weights, else tiny. */
async function chosenConfig({ model }: CheckedConfig, stored: ModelConfig | undefined): Promise<Partial<ModelConfig>> {
  if (model.config !== undefined) return givenConfig(model.config);
  if (model.preset === undefined && stored) return stored;
  return preset(model.preset ?? 'tiny');
}

function preset(name: string): ModelConfig {
  return JSON.parse(callNative((native) => native.presetConfig(name))) as ModelConfig;
}

async function givenConfig(given: string | Record<string, unknown>): Promise<Partial<ModelConfig>> {
  const config = typeof given === 'string' ? await readConfigFile(given, 'model.config') : given;
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Partial<ModelConfig>;
  throw expected("a model's configuration", 'model.config', typeof given === 'string' ? new Words(given) : config);
}

/** Keys that are left out have the value of `base`, as everywhere. */
function withChanges(base: Partial<ModelConfig>, { model }: CheckedConfig, classes: string[]): ModelConfig {
  const whole = { ...preset('base'), ...base, classes };
  const { minSize = whole.minSize, maxSize = Math.max(whole.maxSize, minSize) } = model;
  if (maxSize < minSize) throw expected(`a number of at least minSize, ${minSize}`, 'model.maxSize', maxSize);
  return {
    ...whole,
    minSize,
    maxSize,
    sampleRatio: typeof model.sampleRatio === 'number' ? model.sampleRatio : whole.sampleRatio,
    encoder: { ...preset('base').encoder, ...whole.encoder, dropPath: model.dropPath ?? whole.encoder.dropPath },
    roi: {
      ...preset('base').roi,
      ...whole.roi,
      detectionsPerImage: model.detectionsPerImage ?? whole.roi.detectionsPerImage,
    },
  };
}
