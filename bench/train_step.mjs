// The training step, ours against the reference in Python: both sides take turns, a step each, from decoded pictures to weights.
// node bench/train_step.mjs --data D.json [--config C.json] [--batch 8] [--ratio 0.5] [--rounds 5] [--threads 2] [--peer fused]
// D.json: COCO, pictures in the folder of its name. README.md beside this file says how to get the reference.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Side } from './detect/side.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options } = parseArgs({
  options: {
    config: { type: 'string', default: here('../test/golden/nuclei-tiny/config.json') },
    data: { type: 'string' },
    batch: { type: 'string', default: '8' },
    ratio: { type: 'string', default: '0.5' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    peer: { type: 'string', default: 'pinned' },
    json: { type: 'boolean', default: false },
  },
});
if (!options.data) throw new Error('Expected --data D.json');

const { config, data, batch, ratio, threads } = options;
const script = process.env.PEER_SCRIPT ?? here('../../shared/reference/peer.py');
const form = options.peer === 'fused' ? ['--fused'] : [];
const peer = await Side.start('reference', process.env.PEER_PYTHON ?? 'python3', [
  script, 'train', '--config', config, '--data', data, '--batch', batch, '--ratio', ratio, '--threads', threads, ...form,
]);
const ours = await Side.start('mimdet', process.execPath, [here('train_step/ours.mjs'), config, data, batch, ratio, threads]);

const sides = [ours, peer];
const losses = { mimdet: [], reference: [] };
let parts;
for (let round = 0; round <= Number(options.rounds); ++round) {
  if (round === 1) for (const side of sides) side.milliseconds.length = 0; // the first step warms up
  for (const side of round % 2 ? sides : sides.toReversed()) {
    const answer = await side.ask('step');
    losses[side.name].push(answer.loss);
    parts = answer.parts ?? parts;
  }
}
await Promise.all(sides.map((side) => side.close()));

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const result = {
  batch: Number(batch),
  ratio: Number(ratio),
  threads: Number(threads),
  peer: { form: options.peer, torch: peer.about.torch },
  rounds: Number(options.rounds),
  oursMs: median(ours.milliseconds),
  peerMs: median(peer.milliseconds),
  times: median(peer.milliseconds) / median(ours.milliseconds),
  timesOfBest: Math.min(...peer.milliseconds) / Math.min(...ours.milliseconds),
  parts,
  losses,
};
if (options.json) console.log(JSON.stringify(result));
else {
  console.log(`batch ${batch}, ratio ${ratio}, ${threads} threads, ${options.rounds} rounds`);
  console.log(`peer: ${options.peer}, PyTorch ${peer.about.torch}`);
  console.log(`mimdet     ${result.oursMs.toFixed(0)} ms a step (median), fastest ${Math.min(...ours.milliseconds).toFixed(0)}`);
  console.log(`reference  ${result.peerMs.toFixed(0)} ms a step (median), fastest ${Math.min(...peer.milliseconds).toFixed(0)}`);
  console.log(`ratio      ${result.times.toFixed(2)} of the medians, ${result.timesOfBest.toFixed(2)} of the fastest`);
  const rounded = Object.entries(parts).map(([name, ms]) => [name, Math.round(ms)]);
  console.log('parts of our last step, ms:', Object.fromEntries(rounded));
}
