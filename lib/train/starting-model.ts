// Which model is trained, and from which weights: the configuration as JSON for the addon, with the data's classes.
// Before it: config.ts, lib/data (the classes). After it: resolve.ts.
import { callNative } from '../native.js';
import { bundledModels, resolveModel } from '../model-source.js';
import type { ModelConfig } from '../model-info.js';
import { expected, Words } from '../validate.js';
import type { CheckedConfig } from './config.js';
import { readConfigFile } from './config-file.js';
import type { Start } from './learning-rate.js';

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

/** @throws ERR_MIMDET_WEIGHTS, _INVALID_ARGUMENT */
export async function startingModel(config: CheckedConfig, classes: string[]): Promise<StartingModel> {
  const { file, from } = await initialWeights(config);
  const stored = file === '' ? undefined : inspect(file);
  const base = await chosenConfig(config, stored?.config);
  return {
    config: withChanges(base, config, classes),
    init: file,
    start: !stored ? 'random' : stored.isDetector ? 'trained' : 'pretrained',
    from,
  };
}

async function initialWeights({ init, model }: CheckedConfig): Promise<{ file: string; from: string }> {
  const isTiny = model.config === undefined && (model.preset ?? 'tiny') === 'tiny';
  const source = init ?? (isTiny && bundledModels().includes(defaultInit) ? defaultInit : 'fresh');
  if (source === 'fresh') return { file: '', from: 'random weights' };
  return { file: (await resolveModel(source)) as string, from: source };
}

/** What a file of weights says of itself: its model, and whether it holds a detector or what pre-training gave. */
function inspect(file: string): { config: ModelConfig | undefined; isDetector: boolean } {
  const { config, format } = JSON.parse(callNative((native) => native.inspectWeights(file))) as {
    config?: ModelConfig | null;
    format?: string;
  };
  return { config: config ?? undefined, isDetector: format !== 'mimdet-init' };
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
