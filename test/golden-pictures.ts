// node --import tsx test/golden-pictures.ts FOLDER OUT: writes every PNG below FOLDER as OUT/<its name there>.ppm (8-bit RGB, P6).
// The C++ tests and the parity program read these; they have no PNG decoder. Pixels are the file's own: no profile, no gamma.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import sharp from 'sharp';

const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) throw new Error('Expected two folders, FOLDER and OUT');

async function writePpm(png: string, ppm: string): Promise<void> {
  const { data, info } = await sharp(png, { ignoreIcc: true }).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`Expected an RGB picture for \`${png}\` but received ${info.channels} channels`);
  await mkdir(dirname(ppm), { recursive: true });
  await writeFile(ppm, Buffer.concat([Buffer.from(`P6\n${info.width} ${info.height}\n255\n`), data]));
}

for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.png')) continue;
  const png = join(entry.parentPath, entry.name);
  await writePpm(png, join(out, `${relative(folder, png)}.ppm`));
}
