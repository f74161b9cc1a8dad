import {mkdirSync, openSync, renameSync, statSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {dirname} from 'node:path';
import {asLabError} from '../files.ts';

const LOG_BYTES_MAX = 5_000_000;
/** As much of a log's end as `tailLines` reads. */
const TAIL_BYTES_MAX = 256_000;

/**
 * Opens a log for a process to append to; what has grown too long is put aside as `.1` first. The process writes to the file itself:
 * a pipe would block it, or lose its last words, when whoever reads it is gone. Errors: NO_SPACE, NOT_ALLOWED.
 */
export function openLog(file: string): number {
  try {
    mkdirSync(dirname(file), {recursive: true, mode: 0o700});
    if ((statSync(file, {throwIfNoEntry: false})?.size ?? 0) > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw asLabError(error, file);
  }
}

/** The last lines of a log; none when there is none yet. */
export async function tailLines(file: string, lines: number): Promise<readonly string[]> {
  if (lines <= 0) return [];
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const {size} = await handle.stat();
    const length = Math.min(size, TAIL_BYTES_MAX);
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const all = buffer.toString('utf8', 0, bytesRead).replace(/\n$/, '').split('\n');
    // The first line may have been cut in two.
    if (length < size) all.shift();
    return all.length === 1 && all[0] === '' ? [] : all.slice(-lines);
  } finally {
    await handle.close();
  }
}
