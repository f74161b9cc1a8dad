import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Keep} from '../seams/config.ts';

/** Keeps settings in a file of a folder, so that a crash while it is written leaves the one before. Without a folder nothing is kept. */
export function keepInFile(folder: string | undefined, node: string): Keep {
  if (folder === undefined) return {read: async () => undefined, write: async () => undefined};
  const file = join(folder, `settings-${node}.json`);
  return {
    read: async () => JSON.parse(await readFile(file, 'utf8')) as unknown,
    async write(raw) {
      await mkdir(folder, {recursive: true, mode: 0o700});
      await writeFile(`${file}.new`, JSON.stringify(raw), {mode: 0o600});
      await rename(`${file}.new`, file);
    },
  };
}
