// Importing works on a machine without LibTorch; the first load says what mends it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';

const root = new URL('../..', import.meta.url);
const run = (script: string, env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });

test('the import opens no native code but sharp’s; load fails with the command', () => {
  const script = `
    const { Detector, decodeImage } = await import('./lib/index.ts');
    const { width } = await decodeImage('examples/pictures/0e4c2e2780de.png');
    const error = await Detector.load('nuclei').catch((error) => error);
    console.log(JSON.stringify({ width, code: error.code, message: error.message }));`;
  const { stdout, stderr } = run(script, { MIMDET_LIBTORCH: '/nowhere' });
  assert.equal(stderr, '');
  const { width, code, message } = JSON.parse(stdout) as { width: number; code: string; message: string };
  assert.equal(width, 320);
  assert.equal(code, 'ERR_MIMDET_DEVICE');
  assert.match(message, /Expected .+ for `MIMDET_LIBTORCH` but received '\/nowhere'/);
});

test('with no LibTorch anywhere the message has the command', () => {
  const script = `
    const { Detector } = await import('./lib/index.ts');
    console.log(await Detector.load('nuclei').catch((error) => error.code + ': ' + error.message));`;
  // No Python on the PATH, no setup folder: nothing is found but what the system itself may have.
  const { stdout } = run(script, { MIMDET_LIBTORCH: '', LIBTORCH: '', MIMDET_HOME: '/nowhere', PATH: '/nowhere' });
  assert.match(stdout, /^ERR_MIMDET_DEVICE: .+npx mimdet setup/);
});
