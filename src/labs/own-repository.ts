import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';

const GIT_WITHIN_MS = 5_000;

/** Makes a folder a git repository of its own, unless it is in one already. Without git it stays what it is. */
export async function ensureRepository(folder: string): Promise<void> {
  if (isInRepository(folder)) return;
  await promisify(execFile)('git', ['init', '--quiet', folder], {timeout: GIT_WITHIN_MS}).catch(() => undefined);
}

function isInRepository(folder: string): boolean {
  if (existsSync(join(folder, '.git'))) return true;
  return dirname(folder) === folder ? false : isInRepository(dirname(folder));
}
