import {randomBytes} from 'node:crypto';
import {link, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {asLabError, systemCode} from '../files.ts';
import {processIs, processStartTime} from '../runtime/process/leftovers.ts';

/** A lock that is held until it is released or its holder dies. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock file, or gives undefined when a living process holds it. A dead holder's lock is taken over; its pid alone would not
 * do, since pids are used again, so its start time is in the file as well. `note` stands in the file while the lock is held. Errors:
 * NO_SPACE, NOT_ALLOWED.
 */
export async function takeLock(file: string, note = ''): Promise<Lock | undefined> {
  const mine = `${process.pid} ${processStartTime(process.pid) ?? ''}\n${note}`;
  for (;;) {
    if (await create(file, mine)) return {release: async () => rm(file, {force: true})};
    const holder = await readFile(file, 'utf8').catch(() => undefined);
    if (holder === undefined) continue;
    if (lives(holder)) return undefined;
    // A dead holder's lock is removed under a lock of its own: two who found it dead could else remove each other's.
    const taking = await takeLock(`${file}.taking`);
    if (taking === undefined) return undefined;
    try {
      if ((await readFile(file, 'utf8').catch(() => undefined)) === holder) await rm(file, {force: true});
    } finally {
      await taking.release();
    }
  }
}

/** The note of whoever holds the lock; empty when nobody does. Errors of reading count as nobody. */
export async function lockNote(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n')[1] ?? '';
}

function lives(holder: string): boolean {
  const [line = ''] = holder.split('\n');
  const [pid = '', ...startTime] = line.split(' ');
  return processIs({pid: Number(pid), startTime: startTime.join(' ')});
}

async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.draft-${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(file), {recursive: true, mode: 0o700});
    await writeFile(draft, text, {mode: 0o600});
  } catch (error) {
    throw asLabError(error, file);
  }
  try {
    // A link appears with its content, all at once, and only where nothing is.
    await link(draft, file);
    return true;
  } catch (error) {
    // Whoever tidies up may have taken the draft away.
    if (['EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) return false;
    throw asLabError(error, file);
  } finally {
    await rm(draft, {force: true}).catch(() => undefined);
  }
}
