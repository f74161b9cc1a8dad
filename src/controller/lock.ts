import {link, mkdir, open, readFile, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {processIs, processStartTime} from '../runtime/process/leftovers.ts';

/** A lock that is held until it is released or its holder dies. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock file, or gives undefined when a living process holds it. A dead holder's lock is taken over; its pid alone would not
 * do, since pids are used again, so its start time is in the file as well.
 */
export async function takeLock(file: string): Promise<Lock | undefined> {
  await mkdir(dirname(file), {recursive: true, mode: 0o700});
  const mine = `${process.pid} ${processStartTime(process.pid) ?? ''}`;
  for (;;) {
    if (await create(file, mine)) return {release: async () => release(file, mine)};
    const holder = await readFile(file, 'utf8').catch(() => undefined);
    if (holder === undefined) continue;
    const [pid = '', ...startTime] = holder.split(' ');
    if (processIs({pid: Number(pid), startTime: startTime.join(' ')})) return undefined;
    await takeAway(file, holder);
  }
}

async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}`;
  const handle = await open(draft, 'w', 0o600);
  await handle.writeFile(text);
  await handle.close();
  try {
    // A link appears with its content, all at once, and only where nothing is.
    await link(draft, file);
    return true;
  } catch {
    return false;
  } finally {
    await rm(draft, {force: true});
  }
}

/** Two may do this at once: whoever moved away a lock other than the dead one puts it back. */
async function takeAway(file: string, holder: string): Promise<void> {
  const aside = `${file}.dead.${process.pid}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, 'utf8').catch(() => holder);
  if (moved !== holder) await link(aside, file).catch(() => undefined);
  await rm(aside, {force: true});
}

async function release(file: string, mine: string): Promise<void> {
  const holder = await readFile(file, 'utf8').catch(() => undefined);
  if (holder === mine) await rm(file, {force: true});
}
