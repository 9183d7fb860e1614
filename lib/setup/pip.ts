// Fetches torch by pip. Only the wheel is wanted, so nothing is installed into any Python: `pip download` and `pip
// install --target`
// are not bound by externally managed environments (PEP 668) and need no venv. Before it: install-libtorch. After it: archive.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MimdetError } from '../errors.js';
import { lastLines, runProgram, type Watch } from './run-program.js';

/** The version that `mimdet setup` installs. */
const pinnedTorch = '2.13.0';

const pytorchCpuIndex = 'https://download.pytorch.org/whl/cpu';
// A wheel of any Python serves, since only its C++ libraries are used: this one is asked for where the Python here has none.
const anyPython = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', 'manylinux_2_28_x86_64'];

// Settings of a person's own pip that would stand in the way.
const pipSettings = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' };

type Pip = [command: string, ...args: string[]];

/** Downloads the CPU wheel into `folder` and returns its path. Never plain `torch`, which brings gigabytes of CUDA. */
export async function downloadCpuWheel(folder: string, watch: Watch): Promise<string> {
  const pip = await findPip();
  const request = ['download', `torch==${pinnedTorch}+cpu`, '--no-deps', '--only-binary=:all:', '--dest', folder];
  const tries = [
    request,
    [...request, '--index-url', pytorchCpuIndex],
    [...request, '--index-url', pytorchCpuIndex, ...anyPython],
  ];
  await firstThatWorks(pip, tries, watch);
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw pipFailed('pip said that it downloaded torch, and there is no wheel');
  return join(folder, wheel);
}

/** Installs torch with CUDA and the CUDA libraries that it needs below `folder`; the LibTorch is then `folder`/torch. */
export async function installCudaTorch(folder: string, watch: Watch): Promise<void> {
  const request = ['install', `torch==${pinnedTorch}`, '--only-binary=:all:', '--no-compile', '--target', folder];
  await firstThatWorks(await findPip(), [request], watch);
}

async function firstThatWorks(pip: Pip, tries: string[][], watch: Watch): Promise<void> {
  let output = '';
  for (const args of tries) {
    const result = await runProgram(pip[0], [...pip.slice(1), ...args], { env: { ...process.env, ...pipSettings }, ...watch });
    if (result.status === 0) return;
    output = result.output;
    if (!/no matching distribution|could not find a version/i.test(output)) break;
  }
  throw pipFailed(lastLines(output));
}

/** pip as a module of the Python on the PATH, else as a command. */
async function findPip(): Promise<Pip> {
  const ways: Pip[] = [['python3', '-m', 'pip'], ['pip3'], ['pip']];
  for (const pip of ways) {
    if ((await runProgram(pip[0], [...pip.slice(1), '--version'])).status === 0) return pip;
  }
  throw new MimdetError(
    'ERR_MIMDET_DEVICE',
    'Expected pip for `mimdet setup` but received no python3 with it. ' +
      "`apt-get install python3-pip` (or your system's like) brings it; `mimdet setup --archive FILE` needs none",
  );
}

function pipFailed(reason: string): MimdetError {
  return new MimdetError(
    'ERR_MIMDET_DEVICE',
    `Expected pip to fetch torch ${pinnedTorch} for \`mimdet setup\` but received: ${reason}`,
  );
}
