// Everything before the first step: the data checked, the model made, the folder laid out, or an interrupted run picked up again.
// Before it: config.ts. After it: run.ts.
import { resolve } from 'node:path';
import { openTrainingData, type TrainingData } from '../data/open-dataset.js';
import { MimdetError } from '../errors.js';
import { toPath } from '../location.js';
import { bundledModels } from '../model-source.js';
import { runNative } from '../native.js';
import type { NativeTrainer } from '../native-types.js';
import { expected, Words } from '../validate.js';
import type { CheckedConfig } from './config.js';
import { configText } from './config-file.js';
import type { OnEvent } from './events.js';
import { trainable, TrainingPictures } from './pictures.js';
import { augmentOptions, runNumbers, trainerOptions, type RunNumbers } from './resolve.js';
import { RunFolder } from './run-folder.js';
import { inputsOf, newState, readState, type RunState } from './run-state.js';
import { startingModel, type StartingModel } from './starting-model.js';

export interface OpenedRun {
  config: CheckedConfig;
  data: TrainingData;
  pictures: TrainingPictures;
  model: StartingModel;
  numbers: RunNumbers;
  augment: string;
  trainer: NativeTrainer;
  folder: RunFolder;
  state: RunState;
}

export interface OpenOptions {
  /** Go on from the folder's last checkpoint, where there is one. */
  resume: boolean;
  signal: AbortSignal | undefined;
  onEvent: OnEvent;
}

/** @throws ERR_MIMDET_DATASET, _WEIGHTS, _INVALID_ARGUMENT, _DEVICE */
export async function openRun(config: CheckedConfig, options: OpenOptions): Promise<OpenedRun> {
  const folder = new RunFolder(config.output.dir);
  try {
    await folder.prepare(options.resume);
    return await openIn(folder, config, options);
  } catch (error) {
    folder.close();
    throw options.signal?.aborted ? options.signal.reason : error;
  }
}

async function openIn(folder: RunFolder, config: CheckedConfig, options: OpenOptions): Promise<OpenedRun> {
  const data = await readData(config, options);
  const chosen = trainable(data.train.pictures, config.data.keepEmpty);
  if (chosen.length === 0)
    throw new MimdetError('ERR_MIMDET_DATASET', 'Expected pictures with objects for `data` but received none');
  const isResumed = options.resume && (await folder.hasCheckpoint());
  const model = await startingModel(config, data.train.classes, isResumed ? folder.last : undefined);
  const numbers = runNumbers(config, model, chosen.length);
  const augment = augmentOptions(config, model);
  const inputs = inputsOf(chosen, augment, numbers.batch);
  const trainer = await createTrainer(config, model, numbers, isResumed, options);
  try {
    const state = isResumed ? await pickUp(trainer, folder, inputs, options) : newState(inputs, model.start);
    await folder.writeConfig(configText(withAbsolutePaths(config)));
    const pictures = new TrainingPictures(chosen, config.data.cacheMegabytes * 2 ** 20);
    return { config, data, pictures, model, numbers, augment, trainer, folder, state };
  } catch (error) {
    await trainer.close();
    throw error;
  }
}

async function readData(config: CheckedConfig, { signal, onEvent }: OpenOptions): Promise<TrainingData> {
  const { path, val, images, strict } = config.data;
  const data = await openTrainingData({
    data: path,
    val,
    images,
    strict,
    seed: config.schedule.seed,
    signal,
    onProgress: (done, total) => onEvent({ kind: 'checking', done, total }),
  });
  for (const text of data.notes) onEvent({ kind: 'note', text });
  if (data.faults.length > 0) onEvent({ kind: 'faults', faults: data.faults });
  return data;
}

/** A run that goes on takes nothing from the initial weights, which may be gone by then. */
async function createTrainer(
  config: CheckedConfig,
  model: StartingModel,
  numbers: RunNumbers,
  isResumed: boolean,
  { signal, onEvent }: OpenOptions,
): Promise<NativeTrainer> {
  const text = trainerOptions(config, model, numbers);
  const trainer = await runNative(
    (job, native) => native.createTrainer(text, isResumed ? '' : model.init, job),
    signal,
    (late) => late.close(),
  );
  if (isResumed) return trainer;
  onEvent({ kind: 'note', text: `Starts from ${model.from}.` });
  const { notes = [] } = JSON.parse(trainer.summary) as { notes?: string[] };
  for (const note of notes) onEvent({ kind: 'note', text: note });
  return trainer;
}

async function pickUp(
  trainer: NativeTrainer,
  folder: RunFolder,
  inputs: RunState['inputs'],
  { signal, onEvent }: OpenOptions,
): Promise<RunState> {
  const text = await runNative((job) => trainer.loadCheckpoint(folder.last, job), signal);
  const state = readState(text, inputs);
  if (state.step !== trainer.step)
    throw expected(
      `a checkpoint of step ${state.step}`,
      'resume',
      new Words(`one of step ${trainer.step}`),
      'ERR_MIMDET_WEIGHTS',
    );
  // The run may have been killed between the two.
  if (state.best?.step === state.step) await folder.keepLastAsBest();
  onEvent({ kind: 'note', text: `Goes on after step ${state.step}.` });
  return state;
}

/** The configuration as it can be used from any folder. */
function withAbsolutePaths(config: CheckedConfig): CheckedConfig {
  const absolute = (path: string | undefined) => (path === undefined ? path : resolve(path));
  const { data, output, model, init } = config;
  const isFile = init !== undefined && init !== 'fresh' && !bundledModels().includes(init);
  return {
    ...config,
    ...(isFile && { init: resolve(toPath(init, 'init')) }),
    data: { ...data, path: resolve(data.path), val: absolute(data.val), images: absolute(data.images) },
    model: typeof model.config === 'string' ? { ...model, config: resolve(model.config) } : model,
    output: { ...output, dir: resolve(output.dir) },
  };
}
