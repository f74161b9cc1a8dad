import {randomInt} from 'node:crypto';
import {createServer} from 'node:net';
import {LabError} from '../errors.ts';
import {claimPort, releasePort} from '../port-claims.ts';

/**
 * A node that is down for a while must find its own port free when it comes back. So these are below the usual ephemeral range
 * (from 32768 on), whose ports the kernel hands to outgoing connections, and above the range that the fabric takes its listeners from.
 */
const PORT_MIN = 30_000;
const PORT_MAX = 32_767;
const PREFERRED_TRIED_MAX = 100;
export const LOOPBACK = '127.0.0.1';

/** Hands out ports that are free on the loopback interface, each one once. Errors: PORT_TAKEN when none is left. */
export function createPorts(): () => Promise<number> {
  const count = PORT_MAX - PORT_MIN + 1;
  // Sessions that start at the same time begin at different places.
  let next = randomInt(count);
  let left = count;
  return async () => {
    for (; left > 0; left -= 1) {
      const port = PORT_MIN + next;
      next = (next + 1) % count;
      if (!claimPort(port)) continue;
      if (await isFree(port)) {
        left -= 1;
        return port;
      }
      releasePort(port);
    }
    throw new LabError('PORT_TAKEN', `No port from ${PORT_MIN} to ${PORT_MAX} is free on ${LOOPBACK}.`);
  };
}

/** The first port from `first` on that is free on the loopback interface, within a hundred; claimed for this process. Errors: PORT_TAKEN. */
export async function nextFreePort(first: number, what: string): Promise<number> {
  for (let port = first; port <= Math.min(first + PREFERRED_TRIED_MAX, 65_535); port++) {
    if (!claimPort(port)) continue;
    if (await isFree(port)) return port;
    releasePort(port);
  }
  throw new LabError('PORT_TAKEN', `${what} found no free port from ${first} to ${first + PREFERRED_TRIED_MAX}.`);
}

/** Claims this very port. Errors: PORT_TAKEN. */
export async function thisPort(port: number, what: string): Promise<number> {
  if (claimPort(port)) {
    if (await isFree(port)) return port;
    releasePort(port);
  }
  throw new LabError('PORT_TAKEN', `${what} was to listen on port ${port}, which another process has.`);
}

async function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(false));
    server.listen({host: LOOPBACK, port, exclusive: true}, () => server.close(() => resolve(true)));
  });
}
