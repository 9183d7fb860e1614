// Copies of one model on several devices, as one detector of the addon's: a picture goes to the copy that has the fewest under way.
// Before it: detector.ts. After it: the addon, whose detectors each have a queue and a thread of their own device.
import type { NativeDetector, NativeModelInfo, NativeStats } from './native-types.js';

/** Loads a copy on each device, one after the other; where one cannot be loaded the others are closed. */
export async function loadCopies(devices: readonly string[], load: (device: string) => Promise<NativeDetector>): Promise<NativeDetector> {
  const copies: NativeDetector[] = [];
  try {
    for (const device of devices) copies.push(await load(device));
  } catch (error) {
    await Promise.all(copies.map((copy) => copy.close(false)));
    throw error;
  }
  return copies.length === 1 ? copies[0]! : new NativeCopies(copies);
}

export class NativeCopies implements NativeDetector {
  readonly info: NativeModelInfo;
  readonly #copies: { native: NativeDetector; underWay: number }[];

  constructor(copies: readonly NativeDetector[]) {
    this.#copies = copies.map((native) => ({ native, underWay: 0 }));
    this.info = { ...copies[0]!.info, device: copies.map(({ info }) => info.device).join(',') };
  }

  async detect(...call: Parameters<NativeDetector['detect']>): ReturnType<NativeDetector['detect']> {
    const copy = this.#copies.reduce((least, each) => (each.underWay < least.underWay ? each : least));
    copy.underWay++;
    try {
      return await copy.native.detect(...call);
    } finally {
      copy.underWay--;
    }
  }

  /** The mean, of one device: a pass runs on one. */
  async productRate(): Promise<number> {
    const rates = await Promise.all(this.#copies.map(({ native }) => native.productRate()));
    return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  }

  stats(): NativeStats {
    return this.#copies.map(({ native }) => native.stats()).reduce(added);
  }

  async close(drain: boolean): Promise<void> {
    await Promise.all(this.#copies.map(({ native }) => native.close(drain)));
  }
}

function added(a: NativeStats, b: NativeStats): NativeStats {
  const names = Object.keys(a) as (keyof NativeStats)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as NativeStats;
}
