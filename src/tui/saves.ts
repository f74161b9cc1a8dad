import {type FSWatcher, readFileSync, watch} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {dirname} from 'node:path';

export interface SaveOptions {
  /** An editor may write a file in several steps; what comes within this time is one save. Default 100 ms. */
  readonly settleMs?: number;
  /** Change notices do not come on every file system (NFS, mounts of WSL), so the files are also looked at this often. Default 1 s. */
  readonly pollMs?: number;
}

/** Tells when a file's content has changed, however it was saved; a save without a change tells nothing. Returns what ends it. */
export function watchSaves(
  files: readonly string[],
  listener: (file: string) => void,
  {settleMs = 100, pollMs = 1_000}: SaveOptions = {},
): () => void {
  // Read at once: a save right after this counts.
  const known = new Map(files.map(file => [file, contentNow(file)]));
  let ended = false;
  let looking = Promise.resolve();
  let settling: NodeJS.Timeout | undefined;
  const look = (): void => {
    looking = looking.then(async () => {
      for (const file of files) {
        const content = await readFile(file, 'utf8').catch(() => undefined);
        // A file that is away for a moment is about to be replaced by its new version.
        if (ended || content === undefined) continue;
        const changed = known.get(file) !== content;
        known.set(file, content);
        if (changed) listener(file);
      }
    });
  };
  // Folders rather than files: many editors replace the file by another one.
  const watchers = [...new Set(files.map(file => dirname(file)))].flatMap(folder =>
    watchFolder(folder, () => {
      clearTimeout(settling);
      settling = setTimeout(() => look(), settleMs);
    }),
  );
  const polling = setInterval(() => look(), pollMs);
  polling.unref();
  return () => {
    ended = true;
    clearTimeout(settling);
    clearInterval(polling);
    for (const watcher of watchers) watcher.close();
  };
}

function contentNow(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function watchFolder(folder: string, changed: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, {persistent: false}, changed);
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}
