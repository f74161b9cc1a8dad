import {spawnSync} from 'node:child_process';
import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['src', 'services', 'labs', 'bench', 'scripts', 'package.json', 'package-lock.json'];

/** Builds dist once before the end-to-end tests, unless it is newer than every source. */
export default function setup(): void {
  const builtAt = statSync(join(root, 'dist', 'THIRD-PARTY-NOTICES.txt'), {throwIfNoEntry: false})?.mtimeMs ?? 0;
  if (SOURCES.every(source => newestIn(join(root, source)) < builtAt)) return;
  const {status} = spawnSync(process.execPath, [join(root, 'scripts', 'build.js')], {stdio: 'inherit'});
  if (status !== 0) throw new Error('the build failed; its words are above');
}

function newestIn(path: string): number {
  const found = statSync(path, {throwIfNoEntry: false});
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map(name => newestIn(join(path, name))));
}
