import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {LabError} from '../errors.ts';
import {nearest} from '../nearest.ts';
import {bundle, exists, isCurrent} from './bundle.ts';
import {inPathOrder} from './curriculum.ts';
import {type Hint, parseHints} from './hints.ts';
import type {AnyLab} from './lab.ts';

export interface LabTexts {
  readonly brief: string;
  readonly debrief: string;
  readonly teach: string;
  readonly hints: readonly Hint[];
  /** What of `hints.md` could not be read. */
  readonly hintProblems: readonly string[];
}

export interface Catalogue {
  /** All labs of this installation, in path order: weeks, then the curriculum's order. */
  list(): Promise<readonly AnyLab[]>;
  ids(): Promise<readonly string[]>;
  /** A lab by id, or by a prefix that only one lab has (`p2-04`). Errors: UNKNOWN_LAB, BROKEN_LAB. */
  load(id: string): Promise<AnyLab>;
  texts(id: string): Promise<LabTexts>;
  /** A lab's folder: `start/`, `solution/`, `wrong/` and the texts are in it. */
  folder(id: string): Promise<string>;
}

export interface CatalogueOptions {
  /** Holds `<id>/lab.ts`, the texts, `start/`, `solution/` and `wrong/`. */
  readonly labsFolder: string;
  /** Holds `<id>/lab.js`, where the labs are built already. A lab that is not there, or older than its `lab.ts`, is built when it is asked for. */
  readonly builtFolder?: string;
  /** What `teralab/…` means in a lab that is not part of the package: `teralab/labs/lab` is its `src/labs/lab.ts`. */
  readonly packageFolder?: string;
}

/** The labs of a folder. Definitions are loaded once; one that was not built with the package is validated when it is loaded. */
export function createCatalogue({labsFolder, builtFolder, packageFolder}: CatalogueOptions): Catalogue {
  const loaded = new Map<string, Promise<AnyLab>>();

  const ids = async (): Promise<readonly string[]> => {
    const entries = await readdir(labsFolder, {withFileTypes: true}).catch(() => []);
    const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
    const labs = await Promise.all(folders.map(async name => ((await isThere(name)) ? [name] : [])));
    return labs.flat().toSorted();
  };
  const isThere = async (id: string): Promise<boolean> =>
    (await exists(join(labsFolder, id, 'lab.ts'))) ||
    (builtFolder !== undefined && (await exists(join(builtFolder, id, 'lab.js'))));
  const loadOnce = (id: string): Promise<AnyLab> => {
    const known = loaded.get(id) ?? loadDefinition(id, {labsFolder, builtFolder, packageFolder});
    loaded.set(id, known);
    // A file that did not load may have been corrected by the next time.
    known.catch(() => loaded.delete(id));
    return known;
  };
  const resolveId = async (id: string): Promise<string> => matchId(id, await ids());
  const text = async (id: string, name: string): Promise<string> => {
    const file = join(labsFolder, id, name);
    return readFile(file, 'utf8').catch(error => {
      throw new LabError('BROKEN_LAB', `Lab ${id} has no ${name}.`, {cause: error});
    });
  };

  return {
    ids,
    list: async () => inPathOrder(await Promise.all((await ids()).map(loadOnce))),
    load: async id => loadOnce(await resolveId(id)),
    folder: async id => join(labsFolder, await resolveId(id)),
    async texts(rawId) {
      const id = await resolveId(rawId);
      const [brief, debrief, teach, rawHints] = await Promise.all(
        ['brief.md', 'debrief.md', 'teach.md', 'hints.md'].map(name => text(id, name)),
      );
      const {hints, problems} = parseHints(rawHints ?? '');
      return {brief: brief ?? '', debrief: debrief ?? '', teach: teach ?? '', hints, hintProblems: problems};
    },
  };
}

/** The one id that `raw` means: itself, or the only one that it begins. @throws UNKNOWN_LAB with the nearest name. */
export function matchId(raw: string, ids: readonly string[]): string {
  if (ids.includes(raw)) return raw;
  const begun = raw === '' ? [] : ids.filter(id => id.startsWith(raw));
  const [only, ...others] = begun;
  if (only !== undefined && others.length === 0) return only;
  if (begun.length > 1) throw new LabError('UNKNOWN_LAB', `"${raw}" could be ${begun.join(' or ')}.`);
  const near = nearest(raw, ids) ?? byItsWords(raw, ids);
  throw new LabError('UNKNOWN_LAB', `There is no lab "${raw}".${near === undefined ? '' : ` Did you mean ${near}?`}`);
}

/** People remember the words of an id better than its number. */
function byItsWords(raw: string, ids: readonly string[]): string | undefined {
  const words = new Map(ids.map(id => [id.replace(/^p\d-\d\d-/, ''), id]));
  const near = words.has(raw) ? raw : nearest(raw, [...words.keys()]);
  return near === undefined ? undefined : words.get(near);
}

interface DefinitionPlaces {
  readonly labsFolder: string;
  readonly builtFolder: string | undefined;
  readonly packageFolder: string | undefined;
}

async function loadDefinition(id: string, {labsFolder, builtFolder, packageFolder}: DefinitionPlaces): Promise<AnyLab> {
  const built = builtFolder === undefined ? undefined : join(builtFolder, id, 'lab.js');
  const source = join(labsFolder, id, 'lab.ts');
  if (built !== undefined && (await isCurrent(built, source))) return (await importDefault(id, built)) as AnyLab;
  const folder = await mkdtemp(join(tmpdir(), 'teralab-lab-'));
  try {
    const definition = await importDefault(id, await bundle(source, join(folder, 'lab.mjs'), packageFolder));
    const {checkedDefinition} = await import('./definition.ts');
    return checkedDefinition(definition, id);
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

async function importDefault(id: string, file: string): Promise<unknown> {
  try {
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {readonly default?: unknown};
    if (module.default !== undefined) return module.default;
  } catch (error) {
    throw new LabError('BROKEN_LAB', `The definition of ${id} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  throw new LabError('BROKEN_LAB', `The definition of ${id} has no default export.`);
}
