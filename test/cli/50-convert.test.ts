// `mimdet convert` and `mimdet info`: every container of the reference data, good and bad; MAE; half precision; names of classes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { golden, goldenFile, goldenJson } from '../golden-folder.js';
import { mimdet, root, scratch } from './run-cli.js';

interface Entry {
  file: string;
  converts_to?: string;
  equality?: string;
  error?: string;
  names?: string[];
}

interface Info {
  format: string;
  preset: string | null;
  parameters: number;
  classes: string[];
  config: Record<string, unknown> | null;
  card: Record<string, string>;
  tensors: { name: string; dtype: string; shape: number[] }[];
}

const folder = scratch();
const config = goldenFile('checkpoints', 'config.json');

/** Name, type and bytes of each tensor: a safetensors file is a header's length, the header as JSON, the bytes. */
function tensors(path: string): Record<string, { dtype: string; bytes: Buffer }> {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start).toString()) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  delete header['__metadata__'];
  const entries = Object.entries(header).map(
    ([
      name,
      {
        dtype,
        data_offsets: [from, to],
      },
    ]) => [name, { dtype, bytes: file.subarray(start + from, start + to) }],
  );
  return Object.fromEntries(entries) as Record<string, { dtype: string; bytes: Buffer }>;
}

const expected = tensors(goldenFile('checkpoints', 'weights.safetensors'));
const all = goldenJson<Entry[]>('checkpoints', 'manifest.json').filter(({ file }) =>
  existsSync(join(golden('checkpoints')!, file)),
);
const everyFile = process.env['MIMDET_EVERY_CHECKPOINT'] === '1';
/** A good and a bad one of each container; the tests of native/weights go through all of them. */
const entries = all.filter((entry, i) => {
  const kind = ({ file, error }: Entry) => `${extname(file)} ${error}`;
  const told = (entry.names?.length ?? 0) > 0;
  return everyFile || told || all.findIndex((other) => kind(other) === kind(entry)) === i;
});

for (const { file, converts_to, equality, error, names } of entries) {
  test(`convert ${file}: ${error ?? equality}`, async () => {
    const out = join(folder, `${file}.safetensors`);
    const { status, stdout, stderr } = await mimdet([
      'convert',
      goldenFile('checkpoints', file),
      out,
      '--config',
      config,
      '--json',
    ]);
    if (error) {
      assert.equal(status, 1, stderr);
      assert.match(stderr, new RegExp(`^${error}: [^\\n]*\\n$`));
      for (const name of names ?? []) assert.ok(stderr.includes(name), `${name} in ${stderr}`);
      assert.ok(!existsSync(out));
      return;
    }
    assert.equal(status, 0, stderr);
    assert.equal(converts_to, 'weights.safetensors');
    const found = tensors(out);
    assert.equal((JSON.parse(stdout) as { tensors: number }).tensors, Object.keys(found).length);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    if (equality === 'every bit')
      for (const [name, { bytes }] of Object.entries(expected)) assert.ok(found[name]!.bytes.equals(bytes), name);
  });
}

test('--half writes float16; --classes gives the names; info reads both', async () => {
  const out = join(folder, 'half.safetensors');
  const [whole, count] = [
    goldenFile('checkpoints', 'zip.pth'),
    (JSON.parse(readFileSync(config, 'utf8')) as { classes: string[] }).classes.length,
  ];
  const names = Array.from({ length: count }, (_, i) => `kind ${i}`);
  writeFileSync(join(folder, 'names.txt'), names.join('\n'));
  const { status, stderr } = await mimdet([
    'convert',
    whole,
    out,
    '--config',
    config,
    '--half',
    '--classes',
    join(folder, 'names.txt'),
    '--quiet',
  ]);
  assert.equal(status, 0, stderr);
  const info = JSON.parse((await mimdet(['info', out, '--json'])).stdout) as Info;
  assert.deepEqual([info.format, info.classes], ['mimdet', names]);
  assert.ok(info.tensors.every(({ dtype }) => dtype === 'float16'));
  assert.ok(Object.values(tensors(out)).every(({ dtype }) => dtype === 'F16'));
});

test('a wrong number of class names, and a configuration that does not fit, are said', async () => {
  writeFileSync(join(folder, 'many.txt'), Array.from({ length: 50 }, (_, i) => `c${i}`).join('\n'));
  const input = goldenFile('checkpoints', 'zip.pth');
  const names = await mimdet([
    'convert',
    input,
    join(folder, 'x.safetensors'),
    '--config',
    config,
    '--classes',
    join(folder, 'many.txt'),
  ]);
  assert.equal(names.status, 1, names.stderr);
  assert.match(names.stderr, /^ERR_MIMDET_WEIGHTS: .*cls_score/);
  const base = await mimdet(['convert', input, join(folder, 'x.safetensors'), '--config', 'base']);
  assert.equal(base.status, 1, base.stderr);
  assert.match(base.stderr, /^ERR_MIMDET_WEIGHTS: /);
});

test('MAE: the full checkpoint becomes a start for training, the encoder alone is refused unless asked for', async () => {
  const out = join(folder, 'init.safetensors');
  const micro = ['--config', goldenFile('micro', 'config.json')];
  const full = await mimdet(['convert', goldenFile('micro', 'mae_full.pth'), out, ...micro]);
  assert.equal(full.status, 0, full.stderr);
  assert.match(full.stdout, /mimdet-init/);
  assert.deepEqual(
    Object.keys(tensors(out)).sort(),
    Object.keys(tensors(goldenFile('micro', 'mae_expected.safetensors'))).sort(),
  );
  const encoder = [goldenFile('micro', 'mae_encoder_only.pth'), join(folder, 'encoder.safetensors'), ...micro];
  const refused = await mimdet(['convert', ...encoder]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^ERR_MIMDET_WEIGHTS: .*decoder/);
  assert.equal((await mimdet(['convert', ...encoder, '--mae-encoder-only'])).status, 0);
});

test('IN must exist and differ from OUT', async () => {
  const missing = await mimdet(['convert', join(folder, 'none.pth'), join(folder, 'x.safetensors')]);
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^ERR_MIMDET_WEIGHTS: /);
  const out = join(folder, 'half.safetensors');
  assert.equal((await mimdet(['convert', out, out])).status, 2);
});

test('info of the bundled model: card, configuration, parameters, tensors', async () => {
  const info = JSON.parse((await mimdet(['info', 'nuclei', '--json'])).stdout) as Info;
  assert.deepEqual([info.preset, info.classes, info.card['license']], ['tiny', ['nucleus'], 'CC0-1.0']);
  assert.ok(info.parameters > 4.6e6 && info.parameters < 4.8e6);
  assert.deepEqual(info.config, goldenJson('nuclei', 'config.json'));
  const text = (await mimdet(['info', 'nuclei', '--tensors'])).stdout;
  for (const says of ['4.7 million', 'encoder.depth', 'CC0-1.0', info.tensors[0]!.name]) assert.ok(text.includes(says), says);
});

test('info of files that are no weights', async () => {
  for (const file of [join(root, 'package.json'), goldenFile('checkpoints', 'truncated.safetensors'), '/no/such']) {
    const { status, stderr } = await mimdet(['info', file]);
    assert.equal(status, 1, file);
    assert.match(stderr, /^ERR_MIMDET_WEIGHTS: [^\n]*\n$/);
  }
});
