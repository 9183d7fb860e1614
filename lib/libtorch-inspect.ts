// Looks at one folder and says whether it holds a LibTorch that this package runs with. Reads files, starts nothing.
// Before it: libtorch.ts (chooses the folder). After it: libtorch.ts (believes the verdict).

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareVersions } from './platform.js';

/** The versions that this package is tested with, by "major.minor". */
export const testedVersions = { oldest: '2.11', newest: '2.13' } as const;

export interface Libtorch {
  folder: string; // absolute, with include/ and lib/
  version: string; // '2.13.0'
  flavour: 'cpu' | 'cuda' | 'rocm';
}

export type Inspection = { libtorch: Libtorch; fault: null } | { libtorch: null; fault: string };

/** A LibTorch, or the reason why it is none. The reason continues a sentence: "which has no lib/libtorch_cpu.so". */
export function inspectLibtorch(folder: string): Inspection {
  const fault = (text: string): Inspection => ({ libtorch: null, fault: text });
  if (!isFolder(folder)) return fault('is no folder');
  for (const library of ['libc10.so', 'libtorch_cpu.so']) {
    const file = join(folder, 'lib', library);
    if (!existsSync(file)) return fault(`has no lib/${library}`);
    const damage = libraryFault(file);
    if (damage) return fault(`has a lib/${library} that ${damage}`);
  }
  const version = headerVersion(folder);
  if (!version) return fault('has no include/torch/headeronly/version.h');
  if (!isTested(version))
    return fault(`is ${version}, outside the tested range ${testedVersions.oldest} to ${testedVersions.newest}`);
  if (!hasNewAbi(folder)) return fault('is built with the C++ ABI of before 2015 (_GLIBCXX_USE_CXX11_ABI=0)');
  return { libtorch: { folder: realpathSync(folder), version, flavour: flavourOf(folder) }, fault: null };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isTested(version: string): boolean {
  const minor = version.split('.').slice(0, 2).join('.');
  return compareVersions(minor, testedVersions.oldest) >= 0 && compareVersions(minor, testedVersions.newest) <= 0;
}

/** The second place is that of releases before 2.11, so that they can be named. */
function headerVersion(folder: string): string | null {
  for (const header of ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h']) {
    const text = readIfThere(join(folder, 'include', header));
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map((part) => text.match(new RegExp(`TORCH_VERSION_${part}\\s+(\\d+)`))?.[1]);
    if (numbers.every((number) => number !== undefined)) return numbers.join('.');
  }
  return null;
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** c10's functions that take a std::string carry its ABI in their names. */
function hasNewAbi(folder: string): boolean {
  return readFileSync(join(folder, 'lib', 'libc10.so')).includes('NSt7__cxx1112basic_string');
}

function flavourOf(folder: string): Libtorch['flavour'] {
  if (existsSync(join(folder, 'lib', 'libtorch_cuda.so'))) return 'cuda';
  return existsSync(join(folder, 'lib', 'libtorch_hip.so')) ? 'rocm' : 'cpu';
}

/** What is wrong with an ELF file, by its header alone: another processor's, or cut short (the section table lies at its end). */
function libraryFault(file: string): string | null {
  const header = Buffer.alloc(64);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, header, 0, 64, 0);
    if (header.readUInt32BE(0) !== 0x7f454c46) return 'is no shared library';
    if (header[4] !== 2 || header.readUInt16LE(18) !== 62) return 'is built for another processor than x64';
    const end = header.readBigUInt64LE(40) + BigInt(header.readUInt16LE(58) * header.readUInt16LE(60));
    return end > BigInt(fstatSync(handle).size) ? 'is cut short' : null;
  } finally {
    closeSync(handle);
  }
}
