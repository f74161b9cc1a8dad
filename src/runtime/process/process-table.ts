import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

/** One line of the system's process table. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** `stopped` by SIGSTOP; `zombie`: dead, and not yet collected by its parent. */
  readonly state: 'alive' | 'stopped' | 'zombie';
  readonly startTime: string;
  readonly cpuMs: number;
}

/** A process with its memory, which takes longer to find out than all the rest. */
export interface MeasuredProcess extends ProcessEntry {
  readonly rssBytes: number;
  /** Of that, what is its own alone; all of it where the system does not tell. */
  readonly ownBytes: number;
}

/** /proc/<pid>/stat counts in ticks of 10 ms on every architecture that Node runs on. */
const TICK_MS = 10;
const onLinux = process.platform === 'linux';
/** Ticks count from the start of the machine: after the next one they could come again. */
const BOOT_ID = onLinux ? (read('/proc/sys/kernel/random/boot_id') ?? '').slice(0, 8) : '';

/** A process, or undefined when there is none. A zombie is found, and says so. */
export function findProcess(pid: number): ProcessEntry | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return onLinux ? fromProc(pid) : fromPs(['-p', String(pid)])[0];
}

/** The same with its memory. */
export function measureProcess(pid: number): MeasuredProcess | undefined {
  if (!onLinux) return fromPs(['-p', String(pid)])[0];
  const found = findProcess(pid);
  if (found === undefined) return undefined;
  const status = read(`/proc/${pid}/status`) ?? '';
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return {...found, rssBytes: kilobytes('VmRSS') * 1_024, ownBytes: kilobytes('RssAnon') * 1_024};
}

/** Whether the pid is of a living process. Zombies count as dead. */
export function isAlive(pid: number): boolean {
  const found = findProcess(pid);
  return found !== undefined && found.state !== 'zombie';
}

/** All processes that this user can see. */
export function listProcesses(): readonly ProcessEntry[] {
  return onLinux ? listPids().flatMap(pid => fromProc(pid) ?? []) : fromPs(['-A']);
}

/** Children of a process, zombies left out. Complete only when the process is stopped, since it may be making another. */
export function childrenOf(pid: number): readonly number[] {
  return listProcesses()
    .filter(entry => entry.parent === pid && entry.state !== 'zombie')
    .map(entry => entry.pid);
}

/**
 * The same without going through all processes. One that begins or ends meanwhile may hide another: enough for figures, not for ending
 * everything.
 */
export function childrenSeen(pid: number): readonly number[] {
  if (!onLinux) return childrenOf(pid);
  // Kernels can be built without this file.
  const text = readTasks(pid).map(task => read(`/proc/${pid}/task/${task}/children`));
  if (text.includes(undefined)) return childrenOf(pid);
  return text
    .join(' ')
    .split(' ')
    .filter(child => child !== '')
    .map(Number);
}

function readTasks(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A variable of the environment that a process was started with; undefined when it has none, or the system does not tell. */
export function environmentOf(pid: number, variable: string): string | undefined {
  if (!onLinux) return undefined;
  const found = read(`/proc/${pid}/environ`)
    ?.split('\0')
    .find(line => line.startsWith(`${variable}=`));
  return found?.slice(variable.length + 1);
}

/** Processes of this command whose working folder this is: Postgres goes to its data folder and stays there. None where the system does not tell. */
export function processesIn(folder: string, command: string): readonly number[] {
  if (!onLinux) return [];
  return listPids().filter(pid => {
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`) === folder &&
        read(`/proc/${pid}/comm`) === `${command}\n` &&
        fromProc(pid)?.state !== 'zombie'
      );
    } catch {
      return false;
    }
  });
}

function listPids(): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

/** The second field is the command in brackets and may hold anything, so that counting begins after the last bracket. */
function fromProc(pid: number): ProcessEntry | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  return {
    pid,
    parent: Number(fields[1]),
    state: 'ZX'.includes(state) ? 'zombie' : 'Tt'.includes(state) ? 'stopped' : 'alive',
    startTime: `${BOOT_ID}-${fields[19] ?? ''}`,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
  };
}

function fromPs(select: readonly string[]): readonly MeasuredProcess[] {
  let text: string;
  try {
    const env = {...process.env, LC_ALL: 'C'};
    text = execFileSync('/bin/ps', [...select, '-o', 'pid=,ppid=,state=,rss=,time=,lstart='], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return [];
  }
  return text.split('\n').flatMap(line => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, state = '', rss, time = '', startTime = ''] = match;
    return {
      pid: Number(pid),
      parent: Number(parent),
      state: state.startsWith('Z')
        ? ('zombie' as const)
        : state.startsWith('T')
          ? ('stopped' as const)
          : ('alive' as const),
      startTime,
      cpuMs: clockToMs(time),
      rssBytes: Number(rss) * 1_024,
      ownBytes: Number(rss) * 1_024,
    };
  });
}

/** `[[days-]hours:]minutes:seconds[.hundredths]`. */
function clockToMs(time: string): number {
  const [clock = '', days = '0'] = time.split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((seconds + Number(days) * 86_400) * 1_000);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
