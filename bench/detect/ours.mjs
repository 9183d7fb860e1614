// Our side: `node ours.mjs WEIGHTS THREADS [PRECISION]` answers each path on standard input with { ms, detections, peakMb, loopDelayP99Ms }.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { Detector } from 'mimdet';

const [weights, threads, precision = 'float32'] = process.argv.slice(2);
const detector = await Detector.load(weights, { device: 'cpu', threads: Number(threads), precision });
const { config } = detector.info;
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
let loopDelayP99Ms = 0; // the worst of all calls

say({ ready: true, precision });
for await (const path of createInterface({ input: process.stdin })) {
  const delay = monitorEventLoopDelay({ resolution: 5 }); // one a call: enabled again, it would count the pause for the other side
  delay.enable();
  const start = performance.now();
  const found = await detector.detect(path, { scoreThreshold: config.roi.scoreThreshold });
  const ms = performance.now() - start;
  delay.disable();
  loopDelayP99Ms = Math.max(loopDelayP99Ms, delay.percentile(99) / 1e6);
  say({ ms, detections: found.length, peakMb: process.resourceUsage().maxRSS / 1024, loopDelayP99Ms, timing: found.timing });
}
await detector.close();
