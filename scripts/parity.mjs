// npm run parity -- DIR [--json] [--skip-train]: builds, makes PPM pictures of the PNG files in DIR (the parity program
// reads no PNG),
// and lets the parity program compare every station with DIR. Exit status: the program's, 2 for wrong usage.

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { fail, must, note, root, run } from './steps.mjs';

const options = { json: { type: 'boolean' }, 'skip-train': { type: 'boolean' } };

async function parity(args) {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const folders = positionals.filter((name) => existsSync(name) && statSync(name).isDirectory());
  if (positionals.length !== 1 || folders.length !== 1) {
    throw new Error(`Expected one folder of reference data for \`DIR\` but received ${positionals.join(' ') || 'none'}`);
  }
  await build();
  const flags = Object.keys(values).map((name) => `--${name}`);
  process.exitCode = await withPictures(resolve(folders[0]), async (pictures) => {
    const program = join(root, 'out/native/test/parity/mimdet_parity');
    return (await run(program, [resolve(folders[0]), ...flags, '--pictures', pictures], { cwd: process.cwd() })).status;
  });
}

async function withPictures(folder, work) {
  const pictures = mkdtempSync(join(tmpdir(), 'mimdet-parity-'));
  try {
    await must(process.execPath, ['--import', 'tsx', 'test/golden-pictures.ts', folder, pictures]);
    return await work(pictures);
  } finally {
    rmSync(pictures, { recursive: true, force: true });
  }
}

parity(process.argv.slice(2)).catch((error) => {
  if (/parseArgs|ERR_PARSE_ARGS/.test(error.code ?? '') || error.message.startsWith('Expected one folder')) {
    note(error.message);
    process.exitCode = 2;
  } else {
    fail(error);
  }
});
