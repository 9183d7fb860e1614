// `--draw DIR`: what was found, drawn onto each picture, one PNG a picture. A file of the folder that is itself an input is
// never overwritten.
// Before it: detect, draw. After it: Detections.draw.
import { lstat, mkdir, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Detections, DrawOptions, ImageInput } from '../index.js';
import { wrongUsage } from './exit.js';

/** Node's own recursive mkdir never returns where the parent refuses with ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(made instanceof Error)) return;
  if (made.code === 'EEXIST' && (await stat(path)).isDirectory()) return;
  if (made.code !== 'ENOENT' || (await stat(dirname(path)).catch(() => null))) throw made;
  await makeFolder(dirname(path));
  await mkdir(path);
}

export class Drawing {
  private readonly taken = new Set<string>();
  private inputs: readonly string[] | undefined;
  private kept: Promise<Set<string>> | undefined;

  private constructor(private readonly folder: string) {}

  /** Makes the folder where it is missing. @throws ERR_MIMDET_INVALID_ARGUMENT where that fails */
  static async into(folder: string, option = '--draw'): Promise<Drawing> {
    try {
      await makeFolder(resolve(folder));
      return new Drawing(await realpath(folder));
    } catch (error) {
      throw wrongUsage(
        `Expected a folder that can be made for \`${option}\` but received ${folder} (${(error as NodeJS.ErrnoException).code})`,
      );
    }
  }

  /** All inputs, where they are known: only they are kept then. Else every file that lies in the folder already may be one. */
  keep(inputs: readonly string[]): void {
    this.inputs = inputs;
    this.kept = undefined;
  }

  /**
   * @param image the picture, where it is not the file as it is
   * @returns the path of the PNG
   */
  async add(file: string, found: Detections, options?: DrawOptions, image: ImageInput = file): Promise<string> {
    const target = await this.nameFor(file);
    const unfinished = join(this.folder, `.${basename(target)}.${process.pid}`);
    await writeFile(unfinished, await found.draw(image, options));
    await rename(unfinished, target);
    return target;
  }

  /**
   * `a.png` for a.jpg; `a-2.png` for the next a.jpg of another folder; `a-detections.png` beside the pictures themselves, and
   * where `a.png` is an input.
   */
  private async nameFor(file: string): Promise<string> {
    const beside = (await realpath(dirname(file))) === this.folder;
    const plain = basename(file, extname(file));
    const stem = beside || (await this.isKept(`${plain}.png`)) ? `${plain}-detections` : plain;
    let name = `${stem}.png`;
    for (let i = 2; this.taken.has(name) || (await this.isKept(name)); i++) name = `${stem}-${i}.png`;
    this.taken.add(name);
    return join(this.folder, name);
  }

  private async isKept(name: string): Promise<boolean> {
    const path = join(this.folder, name);
    if (this.taken.has(name) || !(await lstat(path).catch(() => null))) return false;
    if (!this.inputs) return true;
    this.kept ??= placesOf(this.inputs);
    return (await this.kept).has(path);
  }
}

/** Where files lie: by the names in their real folders, and where those lead to if they are links. */
async function placesOf(files: readonly string[]): Promise<Set<string>> {
  const placesOfOne = async (file: string) => {
    const real = (path: string) => realpath(path).catch(() => resolve(path));
    return [join(await real(dirname(file)), basename(file)), await real(file)];
  };
  return new Set((await Promise.all(files.map(placesOfOne))).flat());
}
