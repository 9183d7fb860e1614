// The tarball as another project sees it: installed by plain npm, compiling nothing, then imported, required, typed, and run.
// MIMDET_TEST_REBUILD=1 also builds the addon in the installed package (minutes).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findLibtorch } from '../../lib/libtorch.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mimdet-package-'));
const project = join(folder, 'project');
const installed = join(project, 'node_modules', 'mimdet');
const emptyHome = join(folder, 'empty');

const patience = process.env.MIMDET_TEST_REBUILD ? 1_800_000 : 300_000; // ms for one program

interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd = project): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env }, timeout: patience, maxBuffer: 1 << 26 };
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

async function succeed(command: string, args: string[], env?: NodeJS.ProcessEnv, cwd?: string): Promise<Result> {
  const result = await start(command, args, env, cwd);
  assert.equal(result.status, 0, `${command} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

const mimdet = (args: string[], env?: NodeJS.ProcessEnv) => start('npx', ['--no-install', 'mimdet', ...args], env);
/** A machine where nothing was set up. The python3 there has no torch. */
const bare = { MIMDET_HOME: emptyHome, MIMDET_LIBTORCH: '', LIBTORCH: '', PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
/** A machine where `mimdet setup` was run: with the LibTorch of the checkout. */
const ready = { MIMDET_LIBTORCH: findLibtorch().folder };

before(async () => {
  cpSync(join(checkout, 'test/package/project'), project, { recursive: true });
  cpSync(join(checkout, 'test/package/bin'), join(folder, 'bin'), { recursive: true });
  const { stdout } = await succeed('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {}, checkout);
  const tarball = join(folder, (JSON.parse(stdout) as { filename: string }[])[0]!.filename);
  await succeed('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', tarball]);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('installing compiles nothing and runs no script of ours, with a lock file and --ignore-scripts too', async () => {
  assert.ok(existsSync(join(installed, 'dist/mimdet.node')));
  assert.ok(!existsSync(join(installed, 'build')) && !existsSync(join(installed, 'out')));
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  assert.equal(lock.packages['node_modules/mimdet']?.hasInstallScript, undefined);
  await succeed('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']);
  assert.ok(existsSync(join(installed, 'dist/mimdet.node')));
});

test('the tarball has what building needs, and nothing of the machine that packed it', () => {
  for (const file of [
    'CMakeLists.txt',
    'binding.gyp',
    'cmake/libtorch.cmake',
    'native/CMakeLists.txt',
    'models/nuclei.safetensors',
    'LICENSE',
    'README.md',
  ]) {
    assert.ok(existsSync(join(installed, file)), file);
  }
  assert.ok(!existsSync(join(installed, 'test')) && !existsSync(join(installed, 'lib')));
  const addon = readFileSync(join(installed, 'dist/mimdet.node'));
  for (const path of [findLibtorch().folder, checkout]) assert.ok(!addon.includes(path), `the addon names ${path}`);
});

test('import and require work without LibTorch and without a warning; loading then names the command that mends it', async () => {
  for (const script of ['import.mjs', 'require.cjs']) {
    const { stdout, stderr } = await succeed(process.execPath, [script], bare);
    assert.match(stdout, /^ERR_MIMDET_DEVICE: .*`npx mimdet setup`/, script);
    assert.equal(stderr, '', script);
  }
  const doctor = await mimdet(['doctor', '--json'], bare);
  assert.equal(doctor.status, 3);
  assert.equal((JSON.parse(doctor.stdout) as { ok: boolean }).ok, false);
});

test('with LibTorch, setup has nothing to do, doctor is content, and detection runs', async () => {
  const setup = await mimdet(['setup', '--quiet'], ready);
  assert.deepEqual(setup, { status: 0, stdout: '', stderr: '' });
  const doctor = await mimdet(['doctor', '--json'], ready);
  const found = JSON.parse(doctor.stdout) as { ok: boolean; addon: { builtFor: string; runsWith: string } };
  assert.equal(found.ok, true);
  assert.equal(found.addon.builtFor, found.addon.runsWith);
  for (const script of ['import.mjs', 'require.cjs']) {
    const { stdout, stderr } = await succeed(process.execPath, [script], ready);
    assert.match(stdout, /^found [1-9]\d* nucleus/, script);
    assert.equal(stderr, '', script);
  }
  const picture = readdirSync(join(installed, 'examples/pictures')).find((name) => name.endsWith('.png'))!;
  const detect = await mimdet(
    ['detect', join(installed, 'examples/pictures', picture), '--weights', 'nuclei', '--format', 'jsonl'],
    ready,
  );
  assert.ok((JSON.parse(detect.stdout) as { instances: unknown[] }).instances.length > 0);
});

test('the types hold for ES modules and for CommonJS', async () => {
  await succeed(join(checkout, 'node_modules/.bin/tsc'), ['-p', project, '--typeRoots', join(checkout, 'node_modules/@types')]);
});

test('an addon built for another LibTorch is refused by both versions and the command that rebuilds it', async () => {
  const description = join(installed, 'dist/mimdet.json');
  const before = readFileSync(description, 'utf8');
  writeFileSync(description, before.replace(/"libtorch":"[^"]*"/, '"libtorch":"2.11.0"'));
  try {
    const { stdout } = await succeed(process.execPath, ['import.mjs'], ready);
    const { version } = findLibtorch();
    assert.match(
      stdout,
      new RegExp(
        `^ERR_MIMDET_DEVICE: .*LibTorch ${version.replaceAll('.', '\\.')}.*built for LibTorch 2\\.11\\.0.*\`npx mimdet setup\``,
      ),
    );
  } finally {
    writeFileSync(description, before);
  }
});

test(
  'setup builds the addon where the one that came does not fit',
  { skip: process.env.MIMDET_TEST_REBUILD ? false : 'MIMDET_TEST_REBUILD is not set' },
  async () => {
    const home = { ...ready, MIMDET_HOME: join(folder, 'rebuilt') };
    await succeed('npx', ['--no-install', 'mimdet', 'setup', '--rebuild'], home);
    assert.match((await succeed(process.execPath, ['import.mjs'], home)).stdout, /^found/);
  },
);
