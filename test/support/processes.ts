import {readdirSync, readFileSync} from 'node:fs';

/** One process of this machine, told apart from a later one with the same pid by its start time. Linux only. */
export interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  readonly state: string;
  readonly command: string;
}

/** All living processes; zombies are dead. */
export function processes(): readonly Seen[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => see(Number(name)) ?? []);
}

/** Those that carry the mark of a session in their environment. */
export function markedWith(session: string): readonly Seen[] {
  return processes().filter(({pid}) => read(`/proc/${pid}/environ`).split('\0').includes(`TERALAB_SESSION=${session}`));
}

export function sessionOf(pid: number): string | undefined {
  const line = read(`/proc/${pid}/environ`)
    .split('\0')
    .find(variable => variable.startsWith('TERALAB_SESSION='));
  return line?.split('=')[1];
}

/** The controller of a workspace, wherever in its life it is. */
export function controllerOf(workspace: string): Seen | undefined {
  return processes().find(
    ({command}) => command.includes('/controller/main.js\0') && command.endsWith(`\0${workspace}\0`),
  );
}

/** A process and all that descends from it. */
export function treeOf(root: number, all = processes()): readonly Seen[] {
  return all
    .filter(({pid, parent}) => pid === root || parent === root)
    .flatMap(seen => (seen.pid === root ? [seen] : treeOf(seen.pid, all)));
}

export function stillLives({pid, startTime}: Seen): boolean {
  return see(pid)?.startTime === startTime;
}

function see(pid: number): Seen | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent = ''] = fields;
  if ('ZX'.includes(state)) return undefined;
  return {pid, parent: Number(parent), state, startTime: fields[19] ?? '', command: read(`/proc/${pid}/cmdline`)};
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
