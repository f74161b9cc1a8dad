import {createHash} from 'node:crypto';
import {lstatSync} from 'node:fs';
import {chown, mkdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {asLabError, systemCode} from '../../files.ts';
import type {Paths} from '../../paths.ts';

/** Another user that Postgres runs as. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Where the Postgres nodes keep their files, and who they run as. */
export interface PostgresHome {
  readonly cache: string;
  readonly databases: string;
  /** Absent: the user who runs teralab. */
  readonly user?: User;
}

/**
 * Folders that hold Postgres' binaries, templates and databases; `clean` removes them. For root they are outside of TERALAB_HOME,
 * since Postgres runs as another user then, who may not enter root's folders.
 */
export function postgresFolders(
  paths: Paths,
  isRoot = process.getuid?.() === 0,
): {readonly base?: string; readonly cache: string; readonly databases: string} {
  if (!isRoot) return {cache: join(paths.cache, 'postgres'), databases: join(paths.state, 'databases')};
  const base = join('/var/tmp', `teralab-${createHash('sha256').update(paths.state).digest('hex').slice(0, 12)}`);
  return {base, cache: join(base, 'cache'), databases: join(base, 'databases')};
}

/** Makes the folders. Errors: NOT_ALLOWED when one of them is somebody else's, POSTGRES_FAILED when there is nobody to run it as. */
export async function preparePostgresHome(paths: Paths): Promise<PostgresHome> {
  const {base, cache, databases} = postgresFolders(paths);
  const user = base === undefined ? undefined : await unprivilegedUser();
  for (const folder of [base, cache, databases]) {
    if (folder !== undefined) await ensureOwnedFolder(folder, user);
  }
  return {cache, databases, ...(user === undefined ? {} : {user})};
}

/** Makes a folder that only its owner can enter, or checks that it is one: /var/tmp is everybody's. */
export async function ensureOwnedFolder(folder: string, user: User | undefined): Promise<void> {
  try {
    if (user === undefined) {
      await mkdir(folder, {recursive: true, mode: 0o700});
      return;
    }
    await mkdir(folder, {mode: 0o700});
    await chown(folder, user.uid, user.gid);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || user === undefined) throw asLabError(error, folder);
    const found = lstatSync(folder);
    // A run that died between the two calls above left it to root.
    const ownedByRoot = found.uid === 0;
    if (!found.isDirectory() || (found.uid !== user.uid && !ownedByRoot) || (found.mode & 0o077) !== 0) {
      throw new LabError('NOT_ALLOWED', `${folder} must be a folder of user ${user.uid} with mode 700, and is not.`);
    }
    if (ownedByRoot) await chown(folder, user.uid, user.gid);
  }
}

/** Postgres refuses to run as root. */
async function unprivilegedUser(): Promise<User> {
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map(line => line.split(':'));
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([candidate]) => candidate === name) ?? [];
    if (uid !== undefined && gid !== undefined && Number(uid) !== 0) return {uid: Number(uid), gid: Number(gid)};
  }
  throw new LabError(
    'POSTGRES_FAILED',
    'Postgres does not run as root, and /etc/passwd has neither a user "postgres" nor "nobody" to run it as.',
  );
}
