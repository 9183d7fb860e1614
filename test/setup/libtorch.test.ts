// Which LibTorch is chosen, and what is said of those that are not.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findLibtorch, libtorchPlaces } from '../../lib/libtorch.js';
import { inspectLibtorch } from '../../lib/libtorch-inspect.js';
import { platformFault } from '../../lib/platform.js';
import { emptyFolder, fakeLibtorch, fakePython, type Fake } from './fake-libtorch.js';

const device = (part: RegExp) => (error: Error & { code?: string }) =>
  error.code === 'ERR_MIMDET_DEVICE' && part.test(error.message);

/** A machine where each place has a LibTorch of a version of its own. */
function machine(t: TestContext): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = emptyFolder(t);
  const at = (name: string, version: string) => fakeLibtorch(join(folder, name), { version });
  at('home/libtorch', '2.12.1');
  const python = fakePython(join(folder, 'bin'), `echo ${at('site/torch', '2.11.0')}`);
  const env = {
    PATH: python,
    MIMDET_HOME: join(folder, 'home'),
    MIMDET_LIBTORCH: at('first', '2.13.0'),
    LIBTORCH: at('second', '2.13.1'),
  };
  return { folder, env };
}

test('the option goes before MIMDET_LIBTORCH, LIBTORCH, setup and Python', (t) => {
  const { folder, env } = machine(t);
  assert.equal(findLibtorch({ libtorch: fakeLibtorch(join(folder, 'own'), { version: '2.12.0' }), env }).version, '2.12.0');
  const versions = ['2.13.0', '2.13.1', '2.12.1', '2.11.0'];
  for (const next of ['MIMDET_LIBTORCH', 'LIBTORCH', 'MIMDET_HOME'] as const) {
    assert.equal(findLibtorch({ env }).version, versions.shift());
    if (next === 'MIMDET_HOME') env[next] = join(folder, 'nothing');
    else delete env[next];
  }
  assert.equal(findLibtorch({ env }).version, '2.11.0');
});

test('a place that was named and does not fit is an error that names it, not passed over', (t) => {
  const { folder, env } = machine(t);
  for (const name of ['MIMDET_LIBTORCH', 'LIBTORCH']) {
    const wrong = { ...env, MIMDET_LIBTORCH: '', [name]: join(folder, 'missing') };
    assert.throws(
      () => findLibtorch({ env: wrong }),
      device(new RegExp(`\`${name}\` but received '.*missing', which is no folder`)),
    );
  }
  assert.throws(() => findLibtorch({ libtorch: folder, env }), device(/`libtorch` but received .* has no lib\/libc10.so/));
});

test('where nothing fits, the error names the command that mends it, and what was found unfit', (t) => {
  const folder = emptyFolder(t);
  const env = { PATH: folder, MIMDET_HOME: folder };
  assert.throws(() => findLibtorch({ env }), device(/received none on this machine.*`npx mimdet setup`/));
  fakeLibtorch(join(folder, 'libtorch'), { version: '2.9.1' });
  assert.throws(() => findLibtorch({ env }), device(/2\.11 to 2\.13 .* which is 2\.9\.1, outside the tested range/));
});

test('every place is told with a verdict', (t) => {
  const { env } = machine(t);
  const places = [...libtorchPlaces({ env })];
  assert.deepEqual(
    [...new Set(places.map((place) => place.origin))],
    ['MIMDET_LIBTORCH', 'LIBTORCH', 'setup', 'python', 'system'],
  );
  assert.equal(places[0]!.verdict, 'LibTorch 2.13.0 (cpu)');
  assert.ok(places.every((place) => place.verdict.length > 0));
});

test('Python without torch, and none at all, are told apart', (t) => {
  const folder = emptyFolder(t);
  const verdict = (PATH: string) =>
    [...libtorchPlaces({ env: { PATH, MIMDET_HOME: folder } })].find(({ origin }) => origin === 'python')!.verdict;
  assert.match(verdict(folder), /no python3/);
  assert.match(verdict(fakePython(join(folder, 'bin'), 'echo')), /no torch/);
});

test('a folder is judged by its files alone', (t) => {
  const folder = emptyFolder(t);
  const cases: [name: string, fake: Fake, fault: RegExp][] = [
    ['newer', { version: '2.14.0' }, /2\.14\.0, outside the tested range 2\.11 to 2\.13/],
    ['older', { version: '2.10.9' }, /outside the tested range/],
    ['arm', { machine: 183 }, /another processor/],
    ['old-abi', { abi: 'Ss' }, /C\+\+ ABI/],
    ['cut', { cut: true }, /cut short/],
  ];
  for (const [name, fake, fault] of cases) assert.match(inspectLibtorch(fakeLibtorch(join(folder, name), fake)).fault!, fault);
  const cuda = inspectLibtorch(fakeLibtorch(join(folder, 'cuda'), { flavour: 'cuda' }));
  assert.equal(cuda.libtorch?.flavour, 'cuda');
  mkdirSync(join(folder, 'empty'));
  assert.match(inspectLibtorch(join(folder, 'empty')).fault!, /has no lib\/libc10.so/);
});

test('platforms that LibTorch does not serve are named', () => {
  const linux = { system: 'linux', processor: 'x64', glibc: '2.36' };
  assert.equal(platformFault(linux), null);
  assert.equal(platformFault({ ...linux, glibc: '2.28' }), null);
  assert.match(platformFault({ ...linux, glibc: '2.27' })!, /2\.28 or newer .* glibc 2\.27/);
  assert.match(platformFault({ ...linux, glibc: null })!, /musl/);
  assert.match(platformFault({ ...linux, processor: 'arm64' })!, /linux on arm64/);
  assert.match(platformFault({ ...linux, system: 'darwin', glibc: null })!, /darwin/);
});
