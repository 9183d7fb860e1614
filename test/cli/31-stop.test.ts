// Ends before the end: Ctrl-C leaves complete lines and status 130, a reader that leaves (`| head`) is no error.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CocoResult } from '../../lib/index.js';
import { jsonLines, lines, main, mimdet, pictures, scratch } from './run-cli.js';

const folder = scratch();
/** More pictures than can be done before a signal arrives. */
const many = Array<string[]>(50)
  .fill(readdirSync(pictures).map((name) => join(pictures, name)))
  .flat();

test('Ctrl-C: status 130, and every line is complete', async () => {
  let sent = false;
  const { status, stdout, stderr } = await mimdet(['detect', '-', '--weights', 'nuclei'], {
    input: many.join('\n'),
    onOutput: (child, text) => {
      if (!sent && lines(text).length >= 2) sent = child.kill('SIGINT');
    },
  });
  assert.deepEqual([status, stderr], [130, '']);
  assert.ok(stdout.endsWith('\n'));
  const found = jsonLines<{ file: string }>(stdout);
  assert.ok(found.length >= 2 && found.length < many.length);
  assert.deepEqual(
    found.map(({ file }) => file),
    many.slice(0, found.length),
  );
});

test('Ctrl-C: a COCO array is closed, so that it can be read', async () => {
  let sent = false;
  const { status, stdout } = await mimdet(
    ['detect', ...many, '--weights', 'nuclei', '--format', 'coco', '--draw', join(folder, 'drawn')],
    {
      onOutput: (child) => (sent ||= child.kill('SIGINT')),
    },
  );
  assert.equal(status, 130);
  assert.ok((JSON.parse(stdout) as CocoResult[]).length > 0);
  assert.ok(readdirSync(join(folder, 'drawn')).every((name) => name.endsWith('.png')));
});

test('a list that never ends is read as it comes, and Ctrl-C ends it', async () => {
  const child = spawn(process.execPath, [main, 'detect', '-', '--weights', 'nuclei'], {
    env: { ...process.env, MIMDET_DEVICE: 'cpu' },
  });
  child.stdin.write(`${many[0]}\n`);
  const first = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  assert.equal(jsonLines<{ file: string }>(first)[0]?.file, many[0]);
  child.kill('SIGINT');
  assert.equal(await new Promise((resolve) => child.on('close', resolve)), 130);
});

test('a closed pipe ends the command quietly', async () => {
  const { status, stderr } = await mimdet(['detect', '-', '--weights', 'nuclei'], {
    input: many.join('\n'),
    onOutput: (child) => child.stdout.destroy(),
  });
  assert.deepEqual([status, stderr], [0, '']);
});
