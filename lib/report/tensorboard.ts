// Event files that TensorBoard reads: scalars as records of a TFRecord file. Before it: a run's metrics. After it: `tensorboard
// --logdir`.
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { eventBytes, recordBytes } from './event-records.js';

export interface TensorBoardOptions {
  /**
   * Of a run that goes on: the first step that will be written. TensorBoard then forgets what earlier files say of it and of
   * later steps, as a run that was cut off may have got further than its last checkpoint.
   */
  purgeStep?: number;
}

/** One event file of its own; a run that goes on opens another in the same folder, and TensorBoard joins them. */
export class TensorBoardWriter {
  readonly #folder: string;
  #pending: Uint8Array[] = [];
  #file: FileHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, { purgeStep }: TensorBoardOptions = {}) {
    this.#folder = folder;
    const wallTime = Date.now() / 1000;
    this.#add(eventBytes({ wallTime, fileVersion: 'brain.Event:2' }));
    if (purgeStep !== undefined) this.#add(eventBytes({ wallTime, step: purgeStep, sessionStart: true }));
  }

  /** Keeps a value for the next `flush()`. @param wallTime seconds since 1970, now by default */
  scalar(tag: string, step: number, value: number, wallTime?: number): void {
    this.scalars(step, { [tag]: value }, wallTime);
  }

  /** Several values of one step. */
  scalars(step: number, values: Readonly<Record<string, number>>, wallTime = Date.now() / 1000): void {
    this.#add(eventBytes({ wallTime, step, scalars: values }));
  }

  /** Writes what came since the last call. Rejects as the file system does; what was not written is then lost. */
  flush(): Promise<void> {
    const result = this.#writing.then(() => this.#write());
    this.#writing = result.catch(() => {}); // told once; the next call tries again
    return result;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file?.close();
      this.#file = undefined;
    }
  }

  #add(event: Uint8Array): void {
    this.#pending.push(recordBytes(event));
  }

  async #write(): Promise<void> {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#file ??= await openNew(this.#folder);
    await this.#file.appendFile(bytes);
  }
}

let files = 0;

/** TensorBoard reads files of such names in the order of the names: the time comes first. */
async function openNew(folder: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true });
  const seconds = Math.floor(Date.now() / 1000)
    .toString()
    .padStart(10, '0');
  const own = `${hostname().replace(/[^\w.-]/g, '-')}.${process.pid}.${files++}`;
  return open(join(folder, `events.out.tfevents.${seconds}.${own}`), 'a');
}
