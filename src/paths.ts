import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {lstat, mkdir, realpath} from 'node:fs/promises';
import {homedir, tmpdir, userInfo} from 'node:os';
import {basename, dirname, isAbsolute, join, resolve} from 'node:path';
import {LabError} from './errors.ts';
import {asLabError, systemCode} from './files.ts';

/** Node cuts socket paths near the kernel's limit (104 bytes on macOS, 108 on Linux) without a word; two sessions would share one socket. */
const SOCKET_PATH_BYTES_MAX = 100;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where teralab keeps its files. Folders are made by whoever writes into them, with mode 0700. */
export interface Paths {
  readonly config: string;
  /** Sessions, logs, databases. */
  readonly state: string;
  /** Progress, portfolio. */
  readonly data: string;
  /** Binaries, templates, builds; may be deleted at any time when nothing runs. */
  readonly cache: string;
  /** The controller's socket for a workspace; makes its folder. Errors: SOCKET_NOT_OURS, SOCKET_PATH_TOO_LONG. */
  socket(workspaceId: string): Promise<string>;
}

/** XDG's folders; below TERALAB_HOME when that is set. A relative path in an XDG variable is ignored, as XDG wants. */
export function labPaths(env: Environment = process.env): Paths {
  const home = env.TERALAB_HOME;
  const folder = (name: string, variable: string, otherwise: string): string => {
    if (home !== undefined && home !== '') return join(resolve(home), name);
    const base = env[variable];
    return join(base !== undefined && isAbsolute(base) ? base : join(env.HOME || homedir(), otherwise), 'teralab');
  };
  return {
    config: folder('config', 'XDG_CONFIG_HOME', '.config'),
    state: folder('state', 'XDG_STATE_HOME', '.local/state'),
    data: folder('data', 'XDG_DATA_HOME', '.local/share'),
    cache: folder('cache', 'XDG_CACHE_HOME', '.cache'),
    socket: async id => socketPath(id, env),
  };
}

/** The learner's folder: `./teralab`, or TERALAB_WORKSPACE. It need not exist yet. */
export function workspaceFolder(env: Environment = process.env, cwd = process.cwd()): string {
  return resolve(cwd, env.TERALAB_WORKSPACE || 'teralab');
}

/** 12 hexadecimal digits that stand for a workspace, whatever path it was reached by. */
export async function workspaceId(workspace: string): Promise<string> {
  return createHash('sha256')
    .update(await realPath(resolve(workspace)))
    .digest('hex')
    .slice(0, 12);
}

async function socketPath(id: string, env: Environment): Promise<string> {
  // Sessions begun with `su` or `sudo` often name a folder here that nobody has made.
  const runtimeFolder = env.XDG_RUNTIME_DIR;
  const usable = runtimeFolder !== undefined && isAbsolute(runtimeFolder) && existsSync(runtimeFolder);
  const base = usable ? runtimeFolder : env.TMPDIR || tmpdir();
  const {uid} = userInfo();
  const folder = join(base, `teralab-${uid}`);
  const path = join(folder, `${id}.sock`);
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new LabError(
      'SOCKET_PATH_TOO_LONG',
      `The socket's path ${path} is longer than ${SOCKET_PATH_BYTES_MAX} bytes.`,
    );
  }
  await ensureOwnFolder(folder, uid);
  return path;
}

/** A folder that only its owner can enter. In a shared place like /tmp somebody else may have made it first. Errors: SOCKET_NOT_OURS. */
async function ensureOwnFolder(folder: string, uid: number): Promise<void> {
  try {
    await mkdir(folder, {mode: 0o700});
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw asLabError(error, folder);
  }
  const found = await lstat(folder);
  const mode = found.mode & 0o777;
  if (!found.isDirectory() || found.uid !== uid || mode !== 0o700) {
    const seen = found.isDirectory()
      ? `it belongs to user ${found.uid} and has mode ${mode.toString(8)}`
      : 'it is not a folder';
    throw new LabError('SOCKET_NOT_OURS', `${folder} must be a folder of user ${uid} with mode 700; ${seen}.`);
  }
}

/** The real path, also of what does not exist yet: then of the nearest folder above that does. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw asLabError(error, path);
    return join(await realPath(dirname(path)), basename(path));
  }
}
