// The package's face: everything that `import 'mimdet'` gives. Importing it loads no native code.

/**
 * MIMDet (a vanilla vision transformer that detects instances) for Node.js.
 *
 * ```ts
 * import { Detector } from 'mimdet';
 *
 * await using detector = await Detector.load('nuclei');
 * const found = await detector.detect('cells.png', { scoreThreshold: 0.5 });
 * for (const { className, score, box } of found) console.log(className, score, box);
 * ```
 *
 * @packageDocumentation
 */

export { Detector } from './detector.js';
export type { DetectorEvents } from './calls-under-way.js';
export type { PictureSize } from './warm-up.js';
export type { DetectManyOptions, DetectOptions, Device, LoadOptions, Precision } from './detector-options.js';
export type { TileOptions } from './tiles/tile-option.js';
export type { Flip, TestTimeAugmentation } from './test-time-augmentation.js';
export type { DetectManyResult, ImageSource } from './detect-many.js';
export type { DetectorStats } from './detector-stats.js';
export type { ModelCard, ModelConfig, ModelInfo } from './model-info.js';
export { bundledModels, type ModelSource } from './model-source.js';
export { Detections } from './detections.js';
export type { Box, CategoryIds, CocoResult, DetectionsJson, Instance, Timing } from './detections.js';
export { Mask } from './mask.js';
export type { DrawOptions } from './draw.js';
export { decodeImage } from './image.js';
export type { DecodedImage, DecodeOptions, ImageInput, RawImage } from './image.js';
export { evaluate } from './evaluator.js';
export type {
  CategoryDetail,
  Confusion,
  ConfusionOptions,
  EvaluateOptions,
  EvaluationSummary,
  GroundTruth,
  IouSummary,
  PictureDetections,
  PictureVerdict,
  PrecisionCurves,
  Results,
} from './evaluator.js';
export { Trainer, type RunOptions } from './trainer.js';
export type { TrainConfig } from './train/config.js';
export type { TrainEvent, TrainOutcome, TrainStep } from './train/events.js';
export { errorCodes, MimdetError, type ErrorCode } from './errors.js';
