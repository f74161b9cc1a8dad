import {waitUntil} from '../wait.ts';
import {childrenOf, findProcess, isAlive} from './process-table.ts';

/** How long a signal may take to show, in ms: a bound against hanging, far above what the kernel needs. */
const SIGNAL_WITHIN_MS = 5_000;

/**
 * Stops a process and everything below it. The root first: only a stopped parent makes no further children. Returns all of them, the
 * root first.
 */
export async function freezeTree(root: number): Promise<readonly number[]> {
  await freeze(root);
  const below = await Promise.all(childrenOf(root).map(freezeTree));
  return [root, ...below.flat()];
}

/** Lets a stopped tree go on, children before their parents, so that nobody finds one of them hanging. */
export async function resumeTree(root: number): Promise<void> {
  for (const child of childrenOf(root)) await resumeTree(child);
  signal(root, 'SIGCONT');
  await waitUntil(() => findProcess(root)?.state !== 'stopped', SIGNAL_WITHIN_MS, 1);
}

/** Kills a process and everything below it, and returns when all of it is gone. */
export async function killTree(root: number): Promise<void> {
  await killAll(await freezeTree(root));
}

/** Kills processes in this order, and returns when all are gone. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGKILL');
  await waitUntil(() => !pids.some(isAlive), SIGNAL_WITHIN_MS, 2);
}

/** Sends a signal; false when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

async function freeze(pid: number): Promise<void> {
  if (!signal(pid, 'SIGSTOP')) return;
  await waitUntil(() => findProcess(pid)?.state !== 'alive', SIGNAL_WITHIN_MS, 1);
}
