import {existsSync, realpathSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import {workspaceFolder} from '../paths.ts';

/** A folder that teralab keeps in every workspace: the types of the seams. */
const MARK = join('.teralab', 'types');

/** The folder that `--workspace` names; without it the workspace around `cwd`, and otherwise `./teralab`. Its real path, so that every way to it is the same. */
export function findWorkspace(named: string | undefined, cwd = process.cwd(), env = process.env): string {
  if (named !== undefined) return realPath(resolve(cwd, named));
  if (env.TERALAB_WORKSPACE) return realPath(workspaceFolder(env, cwd));
  return around(realPath(cwd)) ?? realPath(workspaceFolder(env, cwd));
}

/** Commands work from within the workspace too, like `git` does. */
function around(folder: string): string | undefined {
  if (existsSync(join(folder, MARK))) return folder;
  return dirname(folder) === folder ? undefined : around(dirname(folder));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
  }
}
