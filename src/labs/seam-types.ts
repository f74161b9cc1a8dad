import {readdir, readFile} from 'node:fs/promises';
import {dirname, join, normalize} from 'node:path';

/** A file of types for the workspace: its path relative to the services folder, and its text. */
export interface TypeFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The contracts that a learner's code is written against: the files of all `<service>/seams/` that hold nothing but types, and what those
 * import. Defaults never come along: they are code, and no contract imports one.
 */
export async function seamTypeFiles(servicesFolder: string): Promise<readonly TypeFile[]> {
  const found = new Map<string, TypeFile>();
  const queue: string[] = [];
  for (const path of await seamFiles(servicesFolder)) {
    const text = await readFile(join(servicesFolder, path), 'utf8');
    if (!hasCode(text)) queue.push(path);
  }
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    const text = await readFile(join(servicesFolder, path), 'utf8');
    found.set(path, {path, text});
    queue.push(...relativeImports(text).map(specifier => normalize(join(dirname(path as string), specifier))));
  }
  return [...found.values()].toSorted((a, b) => a.path.localeCompare(b.path));
}

/** Whether a file has anything that runs. Contracts are written plainly, so that looking at the beginnings of lines is enough. */
function hasCode(text: string): boolean {
  const code =
    /^(export\s+)?(default\s|const\s|let\s|var\s|async\s|function\b|class\s|abstract\s|enum\s)|^import\s+(?!type\b)|^export\s*(\*|\{)/m;
  return code.test(text.replace(/\/\*[\s\S]*?\*\//g, ''));
}

function relativeImports(text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\s+type\b[^;]*?from\s+'(\.[^']+)'/gm)].flatMap(
    ([, specifier]) => specifier ?? [],
  );
}

async function seamFiles(servicesFolder: string): Promise<string[]> {
  const services = await readdir(servicesFolder, {withFileTypes: true});
  const lists = await Promise.all(
    services
      .filter(entry => entry.isDirectory())
      .map(async ({name}) => {
        const files = await readdir(join(servicesFolder, name, 'seams')).catch(() => []);
        return files.filter(file => /^[a-z0-9-]+\.ts$/.test(file)).map(file => join(name, 'seams', file));
      }),
  );
  return lists.flat();
}
