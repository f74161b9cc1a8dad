import {access, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {Plugin} from 'esbuild';
import {LabError} from '../errors.ts';

/** CommonJS within a bundle asks for `require`; an ES module has none of its own. */
const banner = {
  js: "import {createRequire as teralabRequire} from 'node:module';const require=teralabRequire(import.meta.url);",
};

/** Builds a module of a lab's own with all that it imports. @returns `outfile`. @throws BROKEN_LAB. */
export async function bundle(source: string, outfile: string, packageFolder: string | undefined): Promise<string> {
  const {build} = await import('esbuild');
  try {
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      banner,
      plugins: packageFolder === undefined ? [] : [fromPackage(packageFolder)],
    });
    return outfile;
  } catch (error) {
    throw new LabError('BROKEN_LAB', `${source} cannot be built: ${(error as Error).message}`, {cause: error});
  }
}

/** `teralab/labs/lab` is the package's own `src/labs/lab.ts`, `teralab/kit/broker` its `services/kit/broker.ts`. */
function fromPackage(packageFolder: string): Plugin {
  return {
    name: 'teralab',
    setup: build => {
      build.onResolve({filter: /^teralab\//}, async ({path}) => {
        const rest = `${path.slice('teralab/'.length)}.ts`;
        const places = ['src', 'services'].map(folder => join(packageFolder, folder, rest));
        for (const place of places) if (await exists(place)) return {path: place};
        return {errors: [{text: `teralab has no ${rest.replace(/\.ts$/, '')}`}]};
      });
    },
  };
}

/** Whoever writes a lab must not judge by what it said before the last save. */
export async function isCurrent(built: string, source: string): Promise<boolean> {
  const changedAt = async (file: string): Promise<number | undefined> =>
    (await stat(file).catch(() => undefined))?.mtimeMs;
  const [builtAt, sourceAt] = await Promise.all([changedAt(built), changedAt(source)]);
  return builtAt !== undefined && builtAt >= (sourceAt ?? 0);
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
