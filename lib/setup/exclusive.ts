// Keeps two setups (or builds) from doing the same work at once. Before it: `mimdet setup`, npm run build. After it:
// the work itself.

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `work` while no other process on this machine holds `name`, waiting for it if need be; `waiting` is called once then.
 * An abort ends the waiting.
 * The lock is a socket in Linux' abstract namespace: the kernel frees it when its owner dies, however that happens, so
 * it is never stale.
 */
export async function exclusively<T>(name: string, waiting: () => void, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const address = addressOf(name);
  let lock = await tryListen(address);
  if (!lock) waiting();
  while (!lock) {
    await pause(200, undefined, { signal });
    lock = await tryListen(address);
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

/** Takes `name` without waiting: what gives it back, or null while somebody else has it. */
export async function claim(name: string): Promise<(() => void) | null> {
  const lock = await tryListen(addressOf(name));
  return lock && (() => void lock.close());
}

function addressOf(name: string): string {
  return `\0mimdet-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

function tryListen(address: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });
}
