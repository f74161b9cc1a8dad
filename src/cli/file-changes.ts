import {type FSWatcher, watch} from 'node:fs';
import {readFile, statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';

/** How changes are noticed: the system tells of them, or it is looked for them again and again. */
export type Noticing = 'events' | 'polling';

/** Without events files are looked at this often, ms; with events too, only more seldom, since some file systems promise what they do not do. */
const POLL_EVERY_MS = {polling: 300, events: 2_000} as const;
/** An editor may write in several steps: what is the same after this time, in ms, is a save. */
const SETTLE_MS = 120;
/**
 * File systems over which the changes of others are not told: NFS, SMB (three numbers), 9p (mounts of WSL and of virtual machines), FUSE, the
 * shared folders of VirtualBox. Source: linux/magic.h, statfs(2).
 */
const SILENT: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546, 0x786f4256,
]);

export interface FileChanges {
  readonly noticing: Noticing;
  /** Settles with the new content once the files differ from `before` and have stopped changing; or when the signal aborts. */
  changed(before: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Follows the content of files. Saves that change nothing are none, and a file that is away for a moment is about to come back. */
export async function followFiles(files: readonly string[], env = process.env): Promise<FileChanges> {
  const folders = [...new Set(files.map(file => dirname(file)))];
  let isWoken = false;
  const noted = (): void => {
    isWoken = true;
  };
  let wake = noted;
  const watchers = env.TERALAB_POLL ? [] : await watchAll(folders, () => wake());
  const noticing = watchers.length === folders.length && watchers.length > 0 ? 'events' : 'polling';
  return {
    noticing,
    changed: async (before, signal) => {
      while (!signal.aborted) {
        const now = await contents(files);
        if (now !== before && now !== undefined && (await isSettled(files, now, signal))) return;
        // Told while it was being looked: look again at once.
        if (isWoken) {
          isWoken = false;
          continue;
        }
        await new Promise<void>(resolve => {
          const done = (): void => {
            wake = noted;
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            resolve();
          };
          const timer = setTimeout(done, POLL_EVERY_MS[noticing]);
          signal.addEventListener('abort', done, {once: true});
          wake = done;
        });
      }
    },
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** All contents as one text; undefined while a file is not there. */
export async function contents(files: readonly string[]): Promise<string | undefined> {
  const texts = await Promise.all(files.map(async file => readFile(file, 'utf8').catch(() => undefined)));
  return texts.includes(undefined) ? undefined : JSON.stringify(texts);
}

async function isSettled(files: readonly string[], now: string, signal: AbortSignal): Promise<boolean> {
  await delay(SETTLE_MS, undefined, {signal}).catch(() => undefined);
  return (await contents(files)) === now;
}

/** Folders rather than files: many editors replace a file by another one. Fewer watchers than folders: some cannot be watched. */
async function watchAll(folders: readonly string[], changed: () => void): Promise<FSWatcher[]> {
  const watchers: FSWatcher[] = [];
  for (const folder of folders) {
    if (SILENT.has(await typeOf(folder))) continue;
    try {
      const watcher = watch(folder, {persistent: false}, changed);
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // Out of watches, or a file system without any.
    }
  }
  return watchers;
}

async function typeOf(folder: string): Promise<number> {
  return statfs(folder).then(
    ({type}) => type,
    () => 0,
  );
}
