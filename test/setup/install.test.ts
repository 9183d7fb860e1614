// `mimdet setup`'s LibTorch: from archives and from pip, whole or not at all, once.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exclusively } from '../../lib/setup/exclusive.js';
import { ensureLibtorch, type InstallOptions } from '../../lib/setup/install-libtorch.js';
import { emptyFolder, entriesOf, fakeLibtorch, fakePython, zip } from './fake-libtorch.js';

/** Runs setup on a machine that has nothing but what the test puts there. */
async function setup(t: TestContext, home: string, options: Partial<InstallOptions>, path = process.env.PATH) {
  const before = { ...process.env };
  t.after(() => Object.assign(process.env, before));
  Object.assign(process.env, { MIMDET_HOME: home, PATH: path });
  delete process.env.MIMDET_LIBTORCH;
  delete process.env.LIBTORCH;
  const said: string[] = [];
  try {
    return { libtorch: await ensureLibtorch({ report: (line) => said.push(line), ...options }), said };
  } finally {
    Object.assign(process.env, before);
  }
}

const left = (home: string) => readdirSync(home).sort();

test('an archive of LibTorch, a wheel and a tar are unpacked, by path or by URL', async (t) => {
  const folder = emptyFolder(t);
  const torch = fakeLibtorch(join(folder, 'libtorch'), { version: '2.12.0' });
  const archive = zip(join(folder, 'libtorch.zip'), {
    ...entriesOf(torch, 'libtorch'),
    'libtorch/share/cmake/x': join(torch, 'lib/libc10.so'),
  });
  const wheel = zip(join(folder, 'torch.whl'), {
    ...entriesOf(torch, 'torch'),
    'torch/__init__.py': join(torch, 'lib/libc10.so'),
  });
  const tar = join(folder, 'libtorch.tar.gz');
  execFileSync('tar', ['-czf', tar, '-C', folder, 'libtorch']);
  const server = createServer((_, answer) => answer.end(readFileSync(archive))).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/libtorch.zip`;
  for (const [name, given] of Object.entries({ archive, wheel, tar, url })) {
    const home = join(folder, `home-${name}`);
    const { libtorch } = await setup(t, home, { archive: given });
    assert.equal(libtorch.version, '2.12.0', name);
    assert.deepEqual(left(home), ['libtorch', 'libtorch-2.12.0-cpu'], name);
    assert.deepEqual(readdirSync(libtorch.folder).sort(), ['include', 'lib'], name);
  }
});

test('an archive that is none, is cut, or climbs out of its folder installs nothing', async (t) => {
  const folder = emptyFolder(t);
  const torch = fakeLibtorch(join(folder, 'libtorch'));
  const whole = zip(join(folder, 'whole.zip'), entriesOf(torch, 'libtorch'));
  const file = (name: string, content: string | Buffer) => (writeFileSync(join(folder, name), content), join(folder, name));
  const archives = [
    file('text.zip', 'not an archive'),
    file('empty.zip', ''),
    file('cut.zip', readFileSync(whole).subarray(0, 400)),
    zip(join(folder, 'climbs.zip'), { 'libtorch/lib/../../../escaped': join(torch, 'lib/libc10.so') }),
    zip(join(folder, 'other.zip'), { 'something/lib/libc10.so': join(torch, 'lib/libc10.so') }),
    zip(join(folder, 'partial.zip'), { 'libtorch/lib/libc10.so': join(torch, 'lib/libc10.so') }),
    join(folder, 'missing.zip'),
  ];
  for (const archive of archives) {
    const home = join(folder, 'home');
    await assert.rejects(
      setup(t, home, { archive }),
      (error: Error & { code: string }) => /^ERR_MIMDET_(INVALID_ARGUMENT|DEVICE)$/.test(error.code),
      archive,
    );
    assert.deepEqual(left(home), [], archive);
  }
  assert.ok(!existsSync(join(folder, 'escaped')));
});

/** A pip that knows `torch==…+cpu` only through PyTorch's own index, and writes down what it was asked. */
function pip(folder: string, wheel: string): string {
  return fakePython(
    join(folder, 'bin'),
    [
      'case "$*" in',
      '  "-c "*) exit 0;;',
      '  *--version*) echo "pip 25";;',
      `  *) echo "$*" >> ${folder}/asked`,
      '     case "$*" in *--index-url*) ;; *) echo "ERROR: No matching distribution found for torch"; exit 1;; esac',
      '     while [ "$1" != --dest ]; do shift; done',
      `     /bin/cp ${wheel} "$2/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl";;`,
      'esac',
    ].join('\n'),
  );
}

test("pip is asked for the CPU wheel alone, at PyTorch's index where its own has none, and only once", async (t) => {
  const folder = emptyFolder(t);
  const torch = fakeLibtorch(join(folder, 'torch'));
  const path = pip(folder, zip(join(folder, 'torch.whl'), entriesOf(torch, 'torch')));
  const home = join(folder, 'home');
  const first = await setup(t, home, { flavour: 'cpu' }, path);
  assert.equal(first.libtorch.version, '2.13.0');
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
  assert.equal(asked.length, 2);
  assert.ok(asked.every((line) => line.includes('torch==2.13.0+cpu') && line.includes('--no-deps')));
  const second = await setup(t, home, {}, path);
  assert.deepEqual(second.said, []);
  assert.equal(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').length, 2);
});

test('without pip the error says what brings it', async (t) => {
  const folder = emptyFolder(t);
  const path = fakePython(join(folder, 'bin'), 'exit 1');
  await assert.rejects(setup(t, join(folder, 'home'), { flavour: 'cpu' }, path), /Expected pip .*apt-get install python3-pip/);
});

/** A pip whose download starts a sleep of ten minutes of its own, and writes its number down. */
const slowPip = (folder: string) =>
  fakePython(join(folder, 'bin'), `case "$*" in "-c "*|*--version*) exit 0;; esac\n/bin/sleep 600 & echo $! > ${folder}/pid\nwait`);

async function pidIn(file: string): Promise<number> {
  while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') await pause(20);
  return Number(readFileSync(file, 'utf8'));
}

/** A process that nobody waits for may stay as a zombie. */
async function ended(pid: number): Promise<void> {
  const status = () => (existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : 'State: Z');
  while (!/^State:\s*Z/m.test(status())) await pause(20);
}

test('an abort ends pip, what it has started, and leaves nothing behind', { timeout: 30_000 }, async (t) => {
  const folder = emptyFolder(t);
  const home = join(folder, 'home');
  const controller = new AbortController();
  const work = setup(t, home, { flavour: 'cpu', signal: controller.signal }, slowPip(folder));
  const pid = await pidIn(join(folder, 'pid'));
  controller.abort(new Error('enough'));
  await assert.rejects(work, /enough/);
  assert.deepEqual(left(home), []);
  await ended(pid);
});

test('mimdet setup: SIGTERM ends it with 143', { timeout: 30_000 }, async (t) => {
  const folder = emptyFolder(t);
  const home = join(folder, 'home');
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const env = { ...process.env, MIMDET_HOME: home, MIMDET_LIBTORCH: '', LIBTORCH: '', PATH: slowPip(folder) };
  const child = spawn(process.execPath, [main, 'setup', '--cpu'], { env, stdio: 'ignore' });
  const status = new Promise((resolve) => child.on('close', resolve));
  const pid = await pidIn(join(folder, 'pid'));
  child.kill('SIGTERM');
  assert.equal(await status, 143);
  assert.deepEqual(left(home), []);
  await ended(pid);
});

test('two at once work one after the other, and the lock goes with its owner', async () => {
  const events: string[] = [];
  const work = (name: string) =>
    exclusively(
      'test of exclusively',
      () => events.push(`${name} waits`),
      async () => {
        events.push(`${name} starts`);
        await new Promise((done) => setTimeout(done, 50));
        events.push(`${name} ends`);
      },
    );
  await Promise.all([work('a'), work('b')]);
  assert.equal(events.filter((event) => event.endsWith('waits')).length, 1);
  const [first, second] = events
    .filter((event) => !event.endsWith('waits'))
    .map((event) => event.split(' ')[0])
    .filter((_, i) => i % 2 === 0);
  assert.notEqual(first, second);
  await assert.rejects(
    exclusively(
      'test of exclusively',
      () => {},
      () => Promise.reject(new Error('failed')),
    ),
    /failed/,
  );
  await work('c');
});
