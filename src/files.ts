import {randomBytes} from 'node:crypto';
import {mkdir, open, readFile, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {LabError} from './errors.ts';

/**
 * Replaces a file in one step: a reader sees all of the old content or all of the new, also after a crash of the machine. Makes its
 * folder where it is missing. Errors: NO_SPACE, NOT_ALLOWED.
 */
export async function writeAtomically(file: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(file), {recursive: true, mode: 0o700});
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(draft, {force: true}).catch(() => undefined);
    throw asLabError(error, file);
  }
}

/**
 * Reads a JSON file that carries its `version`, or gives undefined where there is none. The caller vouches for the shape of its own
 * versions. Errors: NEWER_VERSION, which leaves the file alone; NOT_ALLOWED; DAMAGED_FILE.
 */
export async function readVersioned<T extends object>(file: string, version: number): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw asLabError(error, file);
  }
  const found = parseObject(text);
  if (found === undefined || typeof found.version !== 'number') {
    throw new LabError('DAMAGED_FILE', `${file} is damaged: it is not a JSON object with a version.`);
  }
  if (found.version > version) {
    throw new LabError(
      'NEWER_VERSION',
      `${file} has version ${found.version}; this teralab reads up to version ${version}.`,
    );
  }
  const {version: _, ...content} = found;
  return content as T;
}

/** Writes what `readVersioned` reads. */
export async function writeVersioned(file: string, version: number, content: object): Promise<void> {
  await writeAtomically(file, `${JSON.stringify({version, ...content}, undefined, 2)}\n`);
}

/** Errors of the file system that a user can do something about; anything else stays what it is. */
export function asLabError(error: unknown, what: string): unknown {
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new LabError('NO_SPACE', `There is no space left to write ${what}.`, {cause: error});
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LabError('NOT_ALLOWED', `The system does not let teralab use ${what}.`, {cause: error});
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new LabError('NOT_ALLOWED', `${what} cannot be used: ${(error as Error).message}.`, {cause: error});
    default:
      return error;
  }
}

/** The code of an error of the operating system, `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The new name itself is on the disk only once its folder is. Some file systems cannot sync a folder, and need not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
