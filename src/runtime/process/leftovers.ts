import {childrenSeen, environmentOf, findProcess, isAlive, listProcesses} from './process-table.ts';
import {killAll, killTree} from './process-tree.ts';

/** Carried by everything that a session starts, and handed on to what that starts in turn. */
export const SESSION_MARK = 'TERALAB_SESSION';

/** A process, told apart from a later one with the same pid by when it started. */
export interface KnownProcess {
  readonly name: string;
  readonly pid: number;
  /** As `processStartTime` gives it. */
  readonly startTime: string;
}

/** When a process started, in the system's own words, which are fit only for comparison; undefined when there is no such process. */
export function processStartTime(pid: number): string | undefined {
  return findProcess(pid)?.startTime;
}

/** Whether this very process still lives. Zombies count as dead. */
export function processIs({pid, startTime}: Pick<KnownProcess, 'pid' | 'startTime'>): boolean {
  return isAlive(pid) && processStartTime(pid) === startTime;
}

/**
 * Kills what is left of a session: the known processes that still live, as pid, start time and (where the system tells it) the mark in
 * their environment agree, and everything else that carries the mark. Nothing without the mark is touched. Returns what was killed.
 */
export async function removeLeftovers(record: {
  readonly session: string;
  readonly processes: readonly KnownProcess[];
}): Promise<readonly {readonly name: string; readonly pid: number}[]> {
  const isOurs = (pid: number): boolean => pid !== process.pid && hasMark(pid, record.session);
  const removed: {readonly name: string; readonly pid: number}[] = [];
  for (const known of record.processes) {
    if (!processIs(known) || !isOurs(known.pid)) continue;
    await killTree(known.pid);
    removed.push({name: known.name, pid: known.pid});
  }
  if (process.platform !== 'linux') return removed;
  for (const {pid, state} of listProcesses()) {
    if (state === 'zombie' || !isOurs(pid) || !isAlive(pid)) continue;
    await killTree(pid);
    removed.push({name: 'a process of the session', pid});
  }
  return removed;
}

/**
 * Kills what nodes of a session have started and left behind: what carries both its mark and the name of a node. The controller and its
 * own helpers, which may carry the mark as well, are no nodes.
 */
export async function removeStrays(session: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (const {pid, state} of listProcesses()) {
    if (state === 'zombie' || pid === process.pid || !hasMark(pid, session)) continue;
    if (environmentOf(pid, 'NODE_NAME') !== undefined) await killTree(pid);
  }
}

/**
 * Postgres writes its title over the environment of its children, so that for them the parent's counts. Elsewhere than on Linux
 * nobody's can be read, and pid and start time have to do.
 */
function hasMark(pid: number, session: string): boolean {
  return process.platform !== 'linux' || environmentOf(pid, SESSION_MARK) === session;
}

/** Everything below a process of the session, for tests and for the record. */
export function descendantsOf(pid: number): readonly number[] {
  return childrenSeen(pid).flatMap(child => [child, ...descendantsOf(child)]);
}

/** Kills everything below this process, such as what builds modules, and returns when it is gone: who ends right after leaves nothing behind. */
export async function endHelpers(): Promise<void> {
  await killAll(descendantsOf(process.pid));
}

/** Living processes that carry the mark of a session; none where the system does not tell. */
export function markedProcesses(session: string): readonly number[] {
  return listProcesses()
    .filter(({pid, state}) => state !== 'zombie' && environmentOf(pid, SESSION_MARK) === session)
    .map(({pid}) => pid);
}
