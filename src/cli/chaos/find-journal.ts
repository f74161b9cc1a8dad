import {readdir, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {LabError} from '../../errors.ts';
import {labPaths} from '../../paths.ts';
import {JOURNAL_FILE} from '../../report/experiment/write.ts';

/** What an id may be made of: it becomes part of a path. */
const ID = /^[\w-][\w.-]*$/;

/** The journal that a word names: a file, a folder with one, or a run by its id or the end of it. Errors: UNKNOWN_RUN, also where several runs fit. */
export async function findJournal(word: string, runsFolder = join(labPaths().state, 'experiments')): Promise<string> {
  const path = resolve(word);
  for (const file of [path, join(path, JOURNAL_FILE)]) if (await isFile(file)) return file;
  const found = ID.test(word) ? await journalsOf(word, runsFolder) : [];
  const [only] = found;
  if (only === undefined) throw new LabError('UNKNOWN_RUN', `There is no journal ${word}, and no run of that id.`);
  if (found.length > 1) throw new LabError('UNKNOWN_RUN', `${found.length} runs have an id that ends in ${word}.`);
  return only;
}

async function journalsOf(id: string, runsFolder: string): Promise<readonly string[]> {
  const exact = join(runsFolder, id, JOURNAL_FILE);
  if (await isFile(exact)) return [exact];
  const names = await readdir(runsFolder).catch(() => []);
  const found: string[] = [];
  for (const name of names.filter(candidate => candidate.endsWith(`-${id}`))) {
    const file = join(runsFolder, name, JOURNAL_FILE);
    if (await isFile(file)) found.push(file);
  }
  return found;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  );
}
