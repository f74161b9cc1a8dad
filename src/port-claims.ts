import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';

/**
 * Ports that this user's sessions hold, also while nobody listens on them: a node that is down, or a link that refuses, has its listener
 * closed, and another session must not open its own there meanwhile, or the callers of the one would talk to the other.
 * A claim is a file named like the port, with the pid of its holder; a dead holder's claim is nobody's.
 */
export function claimPort(port: number): boolean {
  const file = claimFile(port);
  try {
    mkdirSync(join(file, '..'), {recursive: true, mode: 0o700});
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(file, String(process.pid), {flag: 'wx', mode: 0o600});
        return true;
      } catch {
        const holder = holderOf(file);
        if (holder === process.pid) return true;
        if (holder !== undefined && isAlive(holder)) return false;
        rmSync(file, {force: true});
      }
    }
    return false;
  } catch {
    // Nowhere to write claims: ports are then only as safe as the check that they are free.
    return true;
  }
}

export function releasePort(port: number): void {
  const file = claimFile(port);
  if (holderOf(file) === process.pid) rmSync(file, {force: true});
}

function claimFile(port: number): string {
  return join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `teralab-${userInfo().uid}-ports`, String(port));
}

function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
