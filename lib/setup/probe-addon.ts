// Loads the addon in a process of its own and asks what it is: an addon that crashes or hangs there harms nobody.
// Before it: install-libtorch, build-addon. After it: `mimdet setup` (whether to build), `mimdet doctor` (what to show).

import { runProgram, lastLines } from './run-program.js';

export interface LoadedAddon {
  builtFor: string; // version of LibTorch
  runsWith: string;
  devices: string[]; // 'cpu', 'cuda:0'
  cudaKernelsProblem: string; // why a GPU runs LibTorch's operators instead of our kernels; '' where it has them
  cpuCapability: string; // 'AVX2'
}

export type Probe = { addon: LoadedAddon; fault: null } | { addon: null; fault: string };

/** What the addon says of itself, or why it does not load: the message of the error that `Detector.load` would give. */
export async function probeAddon(): Promise<Probe> {
  const native = new URL('../native.js', import.meta.url).href;
  const script = `import { addon } from ${JSON.stringify(native)};
    try {
      const { builtFor, runsWith } = addon();
      const [devices, cudaKernelsProblem, cpuCapability] = [addon().devices(), addon().cudaKernelsProblem(), addon().cpuCapability()];
      console.log(JSON.stringify({ addon: { builtFor, runsWith, devices, cudaKernelsProblem, cpuCapability }, fault: null }));
    } catch (error) {
      console.log(JSON.stringify({ addon: null, fault: error.message }));
    }`;
  const { status, output } = await runProgram(process.execPath, ['--input-type=module', '--eval', script]);
  const answer = output.split('\n').find((line) => line.startsWith('{"addon":'));
  return answer
    ? (JSON.parse(answer) as Probe)
    : { addon: null, fault: `the addon ended its process (status ${status}): ${lastLines(output, 1)}` };
}
