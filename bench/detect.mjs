// Detection, ours against the reference in Python: both sides take turns, one picture at a time, from the file to run-length coded masks.
// node bench/detect.mjs --weights W --picture P [--picture P …] [--config base|large|FILE] [--rounds 5] [--threads 2] [--peer fused|pinned|bf16]
// README.md beside this file says how to get the reference.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Side } from './detect/side.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options } = parseArgs({
  options: {
    weights: { type: 'string' },
    picture: { type: 'string', multiple: true },
    config: { type: 'string', default: 'base' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    peer: { type: 'string', default: 'fused' },
    precision: { type: 'string', default: 'float32' },
    json: { type: 'boolean', default: false },
  },
});

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const forms = { pinned: [], fused: ['--fused'], bf16: ['--fused', '--bf16'] };

function startPeer() {
  const script = process.env.PEER_SCRIPT ?? here('../../shared/reference/peer.py');
  const form = forms[options.peer];
  if (!form || !options.weights || !options.picture) throw new Error('Expected --weights, --picture and --peer fused, pinned or bf16');
  return Side.start('reference', process.env.PEER_PYTHON ?? 'python3', [
    script, 'detect', '--config', options.config, '--weights', options.weights, '--threads', options.threads, ...form,
  ]);
}

/** Rounds over all pictures; the side that goes first changes, and each side's first look at a picture is not counted. */
async function alternate(sides, rounds) {
  const counts = new Map();
  for (let round = 0; round <= rounds; ++round) {
    for (const side of sides) if (round === 1) side.milliseconds.length = 0;
    for (const picture of options.picture)
      for (const side of round % 2 ? sides : sides.toReversed()) {
        const answer = await side.ask(picture);
        side.last = answer;
        counts.set(`${side.name} ${picture}`, answer.detections);
      }
  }
  return Object.fromEntries(counts);
}

const peer = await startPeer();
const ours = await Side.start('mimdet', process.execPath, [here('detect/ours.mjs'), options.weights, options.threads, options.precision]);
const detections = await alternate([ours, peer], Number(options.rounds));
await Promise.all([ours.close(), peer.close()]);

const result = {
  config: options.config,
  threads: Number(options.threads),
  peer: { form: options.peer, torch: peer.about.torch },
  precision: options.precision,
  rounds: Number(options.rounds),
  oursMs: median(ours.milliseconds),
  peerMs: median(peer.milliseconds),
  ratio: median(peer.milliseconds) / median(ours.milliseconds),
  ratioOfBest: Math.min(...peer.milliseconds) / Math.min(...ours.milliseconds),
  peakMb: ours.last.peakMb,
  loopDelayP99Ms: ours.last.loopDelayP99Ms,
  stages: ours.last.timing,
  detections,
};
if (options.json) console.log(JSON.stringify(result));
else {
  console.log(`${options.config}, ${options.threads} threads, ${options.picture.length} picture(s), ${options.rounds} rounds, peer: ${options.peer}, PyTorch ${result.peer.torch}`);
  console.log(`mimdet     ${result.oursMs.toFixed(1)} ms (median)   peak ${result.peakMb.toFixed(0)} MB   event loop p99 ${result.loopDelayP99Ms.toFixed(1)} ms`);
  console.log(`reference  ${result.peerMs.toFixed(1)} ms (median)`);
  console.log(`ratio      ${result.ratio.toFixed(2)} of the medians, ${result.ratioOfBest.toFixed(2)} of the fastest`);
  console.log(detections);
}
