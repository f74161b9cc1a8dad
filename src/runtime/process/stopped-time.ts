import {readdirSync, readFileSync} from 'node:fs';
import {waitUntil} from '../wait.ts';
import {measureProcess} from './process-table.ts';

/** Threads of a stopped process stop one after the other, within microseconds; a bound against hanging, in ms. */
const STOP_WITHIN_MS = 1_000;

/**
 * The processor time that stopped processes have had, once all of their threads have stopped: as long as nobody wakes them it stays the
 * same to the nanosecond. The unit is of no use but for comparison: nanoseconds on Linux where the kernel counts them, else milliseconds.
 */
export async function stoppedTime(pids: readonly number[]): Promise<number> {
  await waitUntil(() => pids.every(hasStopped), STOP_WITHIN_MS, 1);
  return timeOf(pids);
}

/** The same at this moment. */
export function timeOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (runTimeNs(pid) ?? measureProcess(pid)?.cpuMs ?? 0), 0);
}

function hasStopped(pid: number): boolean {
  return tasksOf(pid).every(task => {
    const stat = read(`/proc/${pid}/task/${task}/stat`);
    return stat === undefined || 'TtZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  });
}

/** Undefined where the kernel does not count it. */
function runTimeNs(pid: number): number | undefined {
  const times = tasksOf(pid).map(task => Number(read(`/proc/${pid}/task/${task}/schedstat`)?.split(' ')[0]));
  return times.length === 0 || times.some(Number.isNaN) ? undefined : times.reduce((sum, time) => sum + time, 0);
}

function tasksOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
