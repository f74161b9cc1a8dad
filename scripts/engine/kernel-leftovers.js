import {existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {run} from './run.js';

/** Unmounts what is still mounted at a folder or below it, the innermost first. */
export async function unmountAt(folder) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .filter(path => path === folder || path.startsWith(`${folder}/`));
  for (const path of mounts.reverse()) await run('umount', ['--lazy', path], {mayFail: true});
}

/** Removes a control group that no process is in any more, in every hierarchy. */
export function removeCgroups(name) {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, name));
}

/** Lets frozen processes of a control group and of those below it go on: what is frozen, as a paused container is, does not even die. */
export function thawCgroups(name) {
  for (const hierarchy of hierarchies()) thawTree(join(hierarchy, name));
}

function hierarchies() {
  const root = '/sys/fs/cgroup';
  return existsSync(root) ? [root, ...folders(root).map(controller => join(root, controller))] : [];
}

/** The file's name and what thaws, in the first and in the second version of control groups. */
const THAWING = [
  ['freezer.state', 'THAWED'],
  ['cgroup.freeze', '0'],
];

function thawTree(path) {
  if (!existsSync(path)) return;
  for (const [file, word] of THAWING) if (existsSync(join(path, file))) writeFileSync(join(path, file), word);
  for (const name of folders(path)) thawTree(join(path, name));
}

function removeTree(path) {
  if (!existsSync(path)) return;
  for (const name of folders(path)) removeTree(join(path, name));
  try {
    rmdirSync(path);
  } catch (error) {
    // A process is on its way out; an empty group does no harm.
    if (error.code !== 'EBUSY' && error.code !== 'ENOENT') throw error;
  }
}

function folders(path) {
  return readdirSync(path, {withFileTypes: true})
    .filter(entry => entry.isDirectory())
    .map(({name}) => name);
}
