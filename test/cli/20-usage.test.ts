// What the command line says to those who ask, and to those who mistype. No model is needed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mimdet, root, scratch } from './run-cli.js';

const commands = ['detect', 'eval', 'convert', 'info', 'draw', 'bench', 'setup', 'doctor'];

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { status, stdout } = await mimdet(['--version']);
  assert.deepEqual([status, stdout.trim()], [0, version]);
});

test('--help lists every command', async () => {
  const { status, stdout } = await mimdet(['--help']);
  assert.equal(status, 0);
  for (const name of commands) assert.match(stdout, new RegExp(`mimdet ${name} `));
});

for (const name of commands) {
  test(`${name} --help shows an example`, async () => {
    const { status, stdout, stderr } = await mimdet([name, '--help']);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`Examples:\\n(.*\\n)*? +mimdet ${name}|Examples:\\n(.*\\n)*?.*\\| mimdet ${name}`));
  });
}

/** Command lines that are wrong, and what must be said of them. */
const wrong: [args: string, says: RegExp][] = [
  ['', /Expected a command .* but received nothing/],
  ['detct a.png', /`detct`; did you mean `detect`\?/],
  ['--weights w detect a.png', /Expected a command/],
  ['detect', /Expected INPUT… for `detect`/],
  ['detect a.png', /`--weights` but received nothing/],
  ['detect a.png --weights w --scor-threshold 1', /`--scor-threshold`; did you mean `--score-threshold`\?/],
  ['detect a.png --weights w --score-threshold 2', /number from 0 to 1 for `--score-threshold` but received 2/],
  ['detect a.png --weights w --score-threshold high', /`--score-threshold` but received "high"/],
  ['detect a.png --weights w --score-threshold', /a value for `--score-threshold`/],
  ['detect a.png --weights w --threads 1.5', /`--threads` but received 1.5/],
  ['detect a.png --weights w --deadline-ms 2147483648', /at most 2147483647 for `--deadline-ms` but received 2147483648/],
  ['detect a.png --weights w --format xml', /"table", "jsonl", "coco" for `--format` but received "xml"/],
  ['detect a.png --weights w --weights v', /one value for `--weights` but received 2/],
  ['detect a.png --weights w --seed -1', /`--seed`/],
  ['detect no-such-*.png --weights w', /pattern that matches a file/],
  ['detect https://example.org/a.png --weights w', /web address/],
  ['detect a.png --weights w --out /no/such/folder/x', /written for `--out`/],
  ['detect a.png --weights w --draw /proc/none', /`--draw` but received \/proc\/none/],
  ['eval --weights w', /`--data`/],
  ['eval --data d', /`--weights` or `--predictions`/],
  ['eval extra --data d --weights w', /received extra/],
  ['eval --data d --weights w --iou keypoints', /`--iou` but received keypoints/],
  ['convert a.pth', /IN OUT.safetensors/],
  ['convert a.safetensors b.pth', /ending in \.safetensors/],
  ['info', /WEIGHTS/],
  ['draw a.json', /`--out`/],
  ['bench --weights w --size huge', /WIDTHxHEIGHT/],
  ['doctor now', /received now/],
];

for (const [args, says] of wrong) {
  test(`wrong usage: mimdet ${args}`, async () => {
    const { status, stdout, stderr } = await mimdet(args.split(' ').filter(Boolean), { cwd: scratch() });
    assert.equal(status, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^ERR_MIMDET_INVALID_ARGUMENT: [^\n]*\n$/);
    assert.match(stderr, says);
  });
}

test('an empty list on standard input is nothing to do', async () => {
  const { status, stderr } = await mimdet(['detect', '-', '--weights', 'nuclei'], { input: '' });
  assert.equal(status, 2, stderr);
});
