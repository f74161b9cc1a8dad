import {readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';

const PROGRAMS = ['dockerd', 'containerd', 'containerd-shim-runc-v2', 'containerd-shim'];

/**
 * The processes of the engine that is kept in a folder, told by the paths they were given, and all that descend from them: its containers.
 * Engines that are kept in folders below it are others.
 */
export function engineProcesses(folder) {
  const all = processes();
  const execRoot = join(folder, 'exec');
  const own = all.filter(
    ({program, args}) =>
      PROGRAMS.includes(program) && args.some(argument => argument === execRoot || argument.includes(`${execRoot}/`)),
  );
  const found = new Set(own);
  for (const parent of found) {
    for (const child of all) if (child.parent === parent.pid) found.add(child);
  }
  return [...found];
}

/** Told from a later process with the same pid by its start time. */
export function isAlive({pid, startTime}) {
  return see(pid)?.startTime === startTime;
}

function processes() {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => see(Number(name)) ?? []);
}

function see(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return {pid, parent: Number(parent), startTime: fields[17], program: basename(command), args};
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
