// The walls of the house (docs/architecture.md), checked: Node stays in native/addon, LibTorch out of mimdet_base, no
// drawers for odds and ends.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { root } from './steps.mjs';

/** Every breach as one line "file: what"; an empty list where all walls stand. */
export function breaches() {
  return [...nodeOutsideAddon(), ...libtorchInBase(), ...drawers()];
}

function* nodeOutsideAddon() {
  for (const file of filesBelow('native').filter((name) => /\.(h|cpp|cu)$/.test(name) && !name.startsWith('native/addon/'))) {
    for (const header of includesOf(file))
      if (/^(napi|node_api|node|v8)[.\w]*\.h$/.test(header)) yield `${file}: includes ${header}, outside native/addon`;
  }
}

/** Sources of mimdet_base and whatever headers of ours they include. */
function* libtorchInBase() {
  const seen = new Set();
  const queue = baseSources();
  while (queue.length > 0) {
    const file = queue.pop();
    if (seen.has(file) || !existsSync(join(root, file))) continue;
    seen.add(file);
    for (const header of includesOf(file)) {
      if (/^(ATen|torch|c10)\//.test(header))
        yield `${file}: includes ${header}, and is part of mimdet_base, which knows nothing of LibTorch`;
      queue.push(join('native', header), join(dirname(file), header));
    }
  }
}

function baseSources() {
  const lists = filesBelow('native').filter((name) => basename(name) === 'CMakeLists.txt');
  return lists.flatMap((list) => {
    const parts = [...read(list).matchAll(/target_sources\(mimdet_base\s+([^)]*)\)/g)].flatMap((match) => match[1].split(/\s+/));
    return parts.filter((name) => name.endsWith('.cpp')).map((name) => join(dirname(list), name));
  });
}

function* drawers() {
  for (const folder of ['lib', 'native', 'test', 'bench', 'scripts']) {
    for (const file of filesBelow(folder)) {
      const name = file.split('/').find((part) => /^(utils?|helpers?|common)(\.|$)/.test(part));
      if (name) yield `${file}: "${name}" says nothing of what is in it`;
    }
  }
}

function includesOf(file) {
  return [...read(file).matchAll(/^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)].map((match) => match[1]);
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
}
