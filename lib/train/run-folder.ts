// The folder of a run: where things lie, and how they get there without ever being half written.
// Before it: the configuration's output.dir. After it: run.ts.
import { copyFile, link, mkdir, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isFile } from '../data/files.js';
import { claim } from '../setup/exclusive.js';
import { expected, Words } from '../validate.js';

export class RunFolder {
  readonly path: string;
  private release: (() => void) | null = null;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Everything that the next step depends on, after the last of the steps that were kept. */
  get last(): string {
    return join(this.path, 'checkpoints', 'last');
  }

  /** The same, after the step with the best AP. */
  get best(): string {
    return join(this.path, 'checkpoints', 'best');
  }

  /** The best weights (without evaluation the last), for `Detector.load`. */
  get weights(): string {
    return join(this.path, 'weights.safetensors');
  }

  /** Weights that are being evaluated. */
  get candidate(): string {
    return join(this.path, 'checkpoints', 'candidate.safetensors');
  }

  get metrics(): string {
    return join(this.path, 'metrics.jsonl');
  }

  get config(): string {
    return join(this.path, 'config.yaml');
  }

  get report(): string {
    return join(this.path, 'report.html');
  }

  /**
   * Makes the folder, and holds it until `close`: two runs at once would write over each other.
   * @throws ERR_MIMDET_INVALID_ARGUMENT where a run lies there and `resume` is not wanted, or one goes on there
   */
  async prepare(resume: boolean): Promise<void> {
    if (!resume && (await this.holdsRun()))
      throw expected('a new folder, or --resume,', 'output.dir', new Words(`${this.path}, where a run lies already`));
    try {
      await mkdir(join(this.path, 'checkpoints'), { recursive: true });
    } catch (error) {
      throw expected(
        'a folder that can be written to',
        'output.dir',
        new Words(`${this.path} (${(error as NodeJS.ErrnoException).code})`),
        'ERR_MIMDET_INVALID_ARGUMENT',
        error,
      );
    }
    this.release = await claim(`run ${await realpath(this.path)}`);
    if (!this.release)
      throw expected('a folder that no other run uses', 'output.dir', new Words(`${this.path}, where one goes on`));
    await this.sweep();
  }

  /** What a killed run was about to write. */
  private async sweep(): Promise<void> {
    for (const folder of [this.path, join(this.path, 'checkpoints')]) {
      const names = (await readdir(folder)).filter((name) => /\.(partial|new)$/.test(name));
      for (const name of names) await rm(join(folder, name), { force: true });
    }
  }

  private async holdsRun(): Promise<boolean> {
    const metrics = await stat(this.metrics).catch(() => undefined);
    return (await this.hasCheckpoint()) || (metrics?.size ?? 0) > 0;
  }

  close(): void {
    this.release?.();
    this.release = null;
  }

  hasCheckpoint(): Promise<boolean> {
    return isFile(this.last);
  }

  /**
   * The last checkpoint becomes the best one too. A link shares the bytes; the next checkpoint is a new file, so it stays as it
   * is.
   */
  async keepLastAsBest(): Promise<void> {
    const fresh = `${this.best}.new`;
    await rm(fresh, { force: true });
    await link(this.last, fresh).catch(() => copyFile(this.last, fresh));
    await rename(fresh, this.best);
    await rm(fresh, { force: true }); // POSIX: renaming a link onto another of the same file does nothing
  }

  async writeConfig(text: string): Promise<void> {
    await writeFile(`${this.config}.new`, text);
    await rename(`${this.config}.new`, this.config);
  }

  /** Takes away what is of no use once the run has ended. */
  async tidy(): Promise<void> {
    await rm(this.candidate, { force: true });
  }
}
