import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {asLabError, systemCode} from '../../files.ts';
import {ensureOwnedFolder, type User} from './postgres-home.ts';
import {isAlive} from './process-table.ts';

/**
 * Builds a folder under another name and puts it in place in one step, so that it is there complete or not at all. When two do it at
 * the same time, the first one's stays. Drafts of those who died meanwhile are removed.
 */
export async function buildOnce(
  folder: string,
  user: User | undefined,
  build: (draft: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  const prefix = `.draft-${basename(folder)}-`;
  await removeDeadDrafts(dirname(folder), prefix);
  const draft = join(dirname(folder), `${prefix}${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await ensureOwnedFolder(draft, user);
    await build(draft);
    await rename(draft, folder).catch(error => {
      if (!existsSync(folder) || !['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
    });
  } catch (error) {
    throw asLabError(error, folder);
  } finally {
    await rm(draft, {recursive: true, force: true}).catch(() => undefined);
  }
}

async function removeDeadDrafts(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const maker = Number(name.slice(prefix.length).split('-')[0]);
    if (!isAlive(maker)) await rm(join(parent, name), {recursive: true, force: true}).catch(() => undefined);
  }
}
