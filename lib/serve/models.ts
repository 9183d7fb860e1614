// The models of a server, by name; the first is the one that answers where none is named. Before it: `--weights`. After it: routes.
import { basename } from 'node:path';
import { Detector } from '../detector.js';
import type { LoadOptions } from '../detector-options.js';
import { expected, unknownName } from '../validate.js';

export interface Model {
  name: string;
  detector: Detector;
}

export class Models {
  readonly #models = new Map<string, Detector>();

  /** Loads one after the other; where one fails, those before it are closed. */
  async load(sources: readonly ModelName[], options: LoadOptions): Promise<void> {
    try {
      for (const { name, source } of sources) this.add(name, await Detector.load(source, options));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  add(name: string, detector: Detector): void {
    this.#models.set(name, detector);
  }

  /** Throws ERR_MIMDET_INVALID_ARGUMENT for a name that is none. */
  find(name: string | undefined): Model {
    const key = name ?? [...this.#models.keys()][0];
    const detector = key === undefined ? undefined : this.#models.get(key);
    if (!detector) throw unknownName([...this.#models.keys()], 'model', name);
    return { name: key!, detector };
  }

  list(): Model[] {
    return [...this.#models].map(([name, detector]) => ({ name, detector }));
  }

  async close(): Promise<void> {
    await Promise.all(this.list().map(({ detector }) => detector.close()));
  }
}

export interface ModelName {
  name: string;
  source: string;
}

/** `nuclei`, `cells.safetensors` (name: cells) or `name=cells.safetensors`. Throws ERR_MIMDET_INVALID_ARGUMENT for a name given twice. */
export function readModelNames(weights: readonly string[]): ModelName[] {
  const names = weights.map((text) => {
    const [, name, source] = /^([\w.-]+)=(.+)$/s.exec(text) ?? [];
    return name && source ? { name, source } : { name: basename(text, '.safetensors'), source: text };
  });
  names.forEach(({ name }, i) => {
    if (names.findIndex((other) => other.name === name) < i) throw expected('different names (name=FILE)', '--weights', name);
  });
  return names;
}

/** What GET /v1/models tells of one. */
export function describeServed({ name, detector }: Model, isDefault: boolean): Record<string, unknown> {
  const { preset, classes, parameters, minSize, maxSize, masks, card, device, precision } = detector.info;
  return { name, default: isDefault, preset, classes, parameters, minSize, maxSize, masks, device, precision, card };
}
