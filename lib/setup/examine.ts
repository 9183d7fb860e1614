// Gathers what `mimdet doctor` shows: tools, places of LibTorch, the addon as it loads. Changes nothing.
// Before it: libtorch, probe-addon. After it: cli/doctor prints it.

import { packageVersion } from '../folders.js';
import { findLibtorch, libtorchPlaces, type LibtorchPlace } from '../libtorch.js';
import { currentPlatform, platformFault, type Platform } from '../platform.js';
import { findPlugin } from './cuda-plugin.js';
import { probeAddon, type LoadedAddon, type Probe } from './probe-addon.js';
import { runProgram } from './run-program.js';

export interface Examination {
  ok: boolean; // whether `detect` can run
  mimdet: string;
  node: string;
  platform: Platform;
  tools: { compiler: string | null; cmake: string | null; python: string | null; pip: string | null };
  libtorch: { used: string | null; places: Pick<LibtorchPlace, 'origin' | 'folder' | 'verdict'>[] };
  addon: { [K in keyof LoadedAddon]: LoadedAddon[K] | null } & { devices: string[]; fault: string | null };
  cudaKernels: string | null; // the plugin that is opened where there is a GPU
  advice: string[];
}

export async function examine(): Promise<Examination> {
  const platform = currentPlatform();
  const places = [...libtorchPlaces()];
  const used = usedFolder(places);
  const [probe, tools] = await Promise.all([probeAddon(), findTools()]);
  return {
    ok: probe.addon !== null,
    mimdet: packageVersion(),
    node: process.version.slice(1),
    platform,
    tools,
    libtorch: { used, places: places.map(({ origin, folder, verdict }) => ({ origin, folder, verdict })) },
    addon: { ...(probe.addon ?? { builtFor: null, runsWith: null, devices: [], cudaKernelsProblem: null, cpuCapability: null }), fault: probe.fault },
    cudaKernels: findPlugin(),
    advice: advise(platform, probe, tools),
  };
}

/** The place whose LibTorch is used, as it was looked at (a link counts as itself). */
function usedFolder(places: LibtorchPlace[]): string | null {
  try {
    const { folder } = findLibtorch();
    return places.find((place) => place.libtorch?.folder === folder)?.folder ?? folder;
  } catch {
    return null;
  }
}

async function findTools(): Promise<Examination['tools']> {
  const [compiler, cmake, python, pip] = await Promise.all([
    firstLine(process.env.CXX ?? 'c++', ['--version']),
    firstLine('cmake', ['--version']),
    firstLine('python3', ['--version']),
    firstLine('python3', ['-m', 'pip', '--version']),
  ]);
  return { compiler, cmake, python, pip: pip?.replace(/ from .*/, '') ?? null };
}

async function firstLine(command: string, args: string[]): Promise<string | null> {
  const { status, output } = await runProgram(command, args);
  return status === 0 ? output.split('\n')[0]!.trim() : null;
}

function advise(platform: Platform, { fault }: Probe, tools: Examination['tools']): string[] {
  const unserved = platformFault(platform);
  if (unserved) return [unserved];
  if (!fault) return [];
  const advice = [fault];
  if (!tools.pip)
    advice.push('`mimdet setup` needs python3 with pip to fetch LibTorch (`apt-get install python3-pip`), or --archive FILE');
  if (!tools.compiler || !tools.cmake)
    advice.push('building the addon needs a C++20 compiler, make and CMake (`apt-get install g++ make cmake`)');
  return advice;
}
