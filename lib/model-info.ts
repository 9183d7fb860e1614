// What a loaded model says of itself. Before it: the addon's strings. After it: `detector.info`, `mimdet info`.
import type { NativeModelInfo } from './native-types.js';

/** The whole configuration, as in the file of weights. */
export interface ModelConfig {
  /** Training's: side of the square picture whose position embeddings are stored, and share of its patches that are seen. */
  imageSize: number;
  patchSize: number;
  sampleRatio: number;
  encoder: TransformerConfig & { dropPath: number };
  decoder: TransformerConfig;
  fpn: { channels: number };
  rpn: {
    convs: number;
    /** Sizes by level, in pixels. */
    anchorSizes: number[][];
    /** Height over width. */
    anchorRatios: number[];
    batchPerImage: number;
    positiveFraction: number;
    /** In training, at inference. */
    preNmsTopk: [number, number];
    postNmsTopk: [number, number];
    nmsThreshold: number;
  };
  roi: {
    boxPool: number;
    maskPool: number;
    boxConvs: number;
    boxConvDim: number;
    boxFcDim: number;
    maskConvs: number;
    maskConvDim: number;
    batchPerImage: number;
    positiveFraction: number;
    scoreThreshold: number;
    nmsThreshold: number;
    detectionsPerImage: number;
  };
  pixelMean: [number, number, number];
  pixelStd: [number, number, number];
  classes: string[];
  minSize: number;
  maxSize: number;
  sizeDivisibility: number;
}

export interface TransformerConfig {
  dim: number;
  depth: number;
  heads: number;
  mlpRatio: number;
  layerNormEps: number;
}

/** Where a model comes from and how good it is; what the file says, nothing more. */
export interface ModelCard {
  license?: string;
  data?: string;
  recipe?: string;
  /** Numbers where the file holds JSON, else its text. */
  metrics?: unknown;
  [key: string]: unknown;
}

export interface ModelInfo {
  /** 'base', 'large', 'tiny', or 'custom' where the configuration is none of them. */
  preset: string;
  /** Names, by class id. */
  classes: readonly string[];
  /** Number of learnt numbers. */
  parameters: number;
  /** Pictures are resized to this shortest edge, unless the longest would pass `maxSize`. */
  minSize: number;
  maxSize: number;
  /** Whether it finds masks. One that was trained on boxes alone does not: `mask` is null, whatever a call asks for. */
  masks: boolean;
  config: ModelConfig;
  card: ModelCard;
  /** 'cpu' or 'cuda:N'; of copies on several devices their list, with commas. */
  device: string;
  precision: string;
  threads: number;
}

/** @param override `minSize`, `maxSize` of the loading, 0 where the configuration's hold */
export function describeModel(native: NativeModelInfo, override: { minSize: number; maxSize: number }): ModelInfo {
  const config = JSON.parse(native.config) as ModelConfig;
  const { preset, parameters, device, precision, threads } = native;
  return {
    preset,
    classes: config.classes,
    parameters,
    minSize: override.minSize || config.minSize,
    maxSize: override.maxSize || config.maxSize,
    masks: native.metadata['masks'] !== 'none',
    config,
    card: readCard(native.metadata),
    device,
    precision,
    threads,
  };
}

function readCard(metadata: Record<string, string>): ModelCard {
  const { format: _format, version: _version, config: _config, masks: _masks, metrics, ...rest } = metadata;
  return metrics === undefined ? rest : { ...rest, metrics: jsonOrText(metrics) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
