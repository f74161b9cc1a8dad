import {isAbsolute, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {importModule} from './import-module.ts';

/** A learner's module that cannot be used: where, and why. */
export class SeamError extends Error {
  readonly seam: string;
  readonly file: string;
  readonly line: number | undefined;

  constructor({seam, file, line, message}: {seam: string; file: string; line?: number | undefined; message: string}) {
    super(message);
    this.name = 'SeamError';
    this.seam = seam;
    this.file = file;
    this.line = line;
  }
}

const LOAD_WITHIN_MS = 5_000;

export interface SeamLoader {
  /** The function `exportName` of the module that replaces seam `name`, or the default. Throws a {@link SeamError}. */
  load<T>(name: string, exportName: string, fallback: T): Promise<T>;
  /** Names that were configured and never asked for: no such seams exist. */
  unknown(): readonly string[];
}

/** `files`: seam name to the file of a built module. */
export function createSeamLoader(files: Readonly<Record<string, string>>, loadWithinMs = LOAD_WITHIN_MS): SeamLoader {
  const asked = new Set<string>();
  return {
    async load<T>(name: string, exportName: string, fallback: T): Promise<T> {
      asked.add(name);
      const file = Object.hasOwn(files, name) ? files[name] : undefined;
      if (file === undefined) return fallback;
      const loaded = await loadModule(name, resolve(file), loadWithinMs);
      const found = loaded[exportName];
      if (typeof found === 'function') return found as T;
      const exported = Object.keys(loaded);
      const instead = exported.length === 0 ? 'it exports nothing' : `it exports ${exported.join(', ')}`;
      const message =
        found === undefined
          ? `does not export \`${exportName}\`: ${instead}.`
          : `exports \`${exportName}\`, which is not a function.`;
      throw new SeamError({seam: name, file, message: `The module ${message}`});
    },
    unknown: () => Object.keys(files).filter(name => !asked.has(name)),
  };
}

async function loadModule(seam: string, file: string, withinMs: number): Promise<Readonly<Record<string, unknown>>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new Error(`The module was not loaded within ${withinMs} ms: it awaits something that does not come.`)),
      withinMs,
    );
  });
  try {
    return await Promise.race([importModule(pathToFileURL(file).href), late]);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : `The module threw ${String(error)}.`;
    throw new SeamError({seam, message, ...whereThrown(error, file)});
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The place in a stack that the learner can edit: the first frame that belongs to the module. Node maps stacks through the
 * module's source map, so that the frame may name the file that it was built from.
 */
export function whereThrown(error: unknown, built: string): {file: string; line?: number} {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const [, place = '', line] of stack.matchAll(/(?:\(|at |^)((?:file:\/\/|\/)[^\n():]+):(\d+)/gm)) {
    const path = place.startsWith('file://') ? fileURLToPath(place) : place;
    if (isAbsolute(path) && !isOfTheKit(path)) return {file: path, line: Number(line)};
  }
  return {file: built};
}

/** The kit is in the bundle of its service, or in this folder. */
function isOfTheKit(path: string): boolean {
  const own = fileURLToPath(import.meta.url);
  return path === own || path.includes('/node_modules/') || path.includes('/services/kit/');
}
