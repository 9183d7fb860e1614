// Which machines LibTorch serves. Before it: nothing. After it: libtorch (finds one), doctor (says what is missing).

import { MimdetError } from './errors.js';

/** The oldest C library that LibTorch's builds run with (manylinux_2_28). */
const oldestGlibc = '2.28';

export interface Platform {
  system: string; // 'linux'
  processor: string; // 'x64'
  glibc: string | null; // '2.36', null where the C library is another (musl)
}

/** What this process runs on. About 5 ms: Node tells its C library only in a report. */
export function currentPlatform(): Platform {
  return { system: process.platform, processor: process.arch, glibc: process.platform === 'linux' ? glibcVersion() : null };
}

/** Throws ERR_MIMDET_DEVICE where LibTorch has no build for the platform. */
export function checkPlatform(platform: Platform = currentPlatform()): void {
  const fault = platformFault(platform);
  if (fault) throw new MimdetError('ERR_MIMDET_DEVICE', fault);
}

/** Why LibTorch does not serve the platform, null where it does. */
export function platformFault({ system, processor, glibc }: Platform): string | null {
  if (system !== 'linux' || processor !== 'x64') {
    return `Expected linux on x64 for \`platform\` but received ${system} on ${processor}`;
  }
  if (glibc === null) {
    const received = 'another C library (musl?), which LibTorch does not serve';
    return `Expected glibc ${oldestGlibc} or newer for \`platform\` but received ${received}`;
  }
  if (compareVersions(glibc, oldestGlibc) < 0) {
    return `Expected glibc ${oldestGlibc} or newer for \`platform\` but received glibc ${glibc}, too old for LibTorch`;
  }
  return null;
}

/** Compares "2.9" with "2.13" number by number: negative, 0 or positive. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function glibcVersion(): string | null {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true; // the network part looks up host names, which can take seconds
  try {
    const header = (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header;
    return header?.glibcVersionRuntime ?? null;
  } finally {
    report.excludeNetwork = before;
  }
}
