// Folders, archives and a pip that look like the real ones to whoever does not load them.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Fake {
  version?: string;
  flavour?: 'cpu' | 'cuda';
  machine?: number; // ELF's e_machine; 62 is x64
  abi?: string;
  cut?: boolean; // the library ends before its section table
}

/** An empty folder that goes when the test ends. */
export function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mimdet-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function fakeLibtorch(folder: string, fake: Fake = {}): string {
  const { version = '2.13.0', flavour = 'cpu' } = fake;
  const [major, minor, patch] = version.split('.');
  const parts = { MAJOR: major, MINOR: minor, PATCH: patch };
  const header = Object.entries(parts)
    .map(([part, number]) => `#define TORCH_VERSION_${part} ${number}\n`)
    .join('');
  write(join(folder, 'include/torch/headeronly/version.h'), header);
  for (const name of ['c10', 'torch_cpu', ...(flavour === 'cuda' ? ['torch_cuda'] : [])])
    write(join(folder, `lib/lib${name}.so`), library(fake));
  return folder;
}

function library({ machine = 62, abi = 'NSt7__cxx1112basic_string', cut = false }: Fake): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02', 'latin1');
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(cut ? 4096n : 64n, 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(cut ? 10 : 0, 60);
  return Buffer.concat([header, Buffer.from(`_ZN3c105ErrorC1E${abi}`)]);
}

/** A zip of `entries`, by their names in it; Python's own zip takes names that no honest one has. */
export function zip(file: string, entries: Record<string, string>): string {
  const script =
    'import json, sys, zipfile\n' +
    'with zipfile.ZipFile(sys.argv[1], "w") as z:\n  for n, p in json.loads(sys.argv[2]).items(): z.write(p, n)';
  execFileSync('python3', ['-c', script, file, JSON.stringify(entries)]);
  return file;
}

/** The files of a LibTorch as they lie in its zip (`top` is libtorch) or in a wheel (torch). */
export function entriesOf(folder: string, top: string): Record<string, string> {
  const names = ['include/torch/headeronly/version.h', 'lib/libc10.so', 'lib/libtorch_cpu.so'];
  return Object.fromEntries(names.map((name) => [`${top}/${name}`, join(folder, name)]));
}

/** A folder with a `python3` that runs `script` (of sh). */
export function fakePython(folder: string, script: string): string {
  write(join(folder, 'python3'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'python3'), 0o755);
  return folder;
}

function write(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
