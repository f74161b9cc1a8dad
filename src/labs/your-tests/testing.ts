import {mkdir, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {createRandom} from '../../random.ts';
import {bundle} from '../bundle.ts';
import type {AnyLab} from '../lab.ts';
import type {YourTestsEntries} from './lane.ts';
import {type Tried, type TryBounds, tryTests} from './try-tests.ts';

const packageFolder = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds what tests and their benches run in. */
export async function buildEntries(folder: string): Promise<YourTestsEntries> {
  await build({
    entryPoints: {
      tests: join(packageFolder, 'src/labs/your-tests/tests-main.ts'),
      bench: join(packageFolder, 'src/labs/your-tests/bench-main.ts'),
    },
    outdir: folder,
    outExtension: {'.js': '.mjs'},
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg-native'],
    banner: {
      js: "import {createRequire as teralabRequire} from 'node:module';const require=teralabRequire(import.meta.url);",
    },
  });
  return {tests: join(folder, 'tests.mjs'), bench: join(folder, 'bench.mjs')};
}

export interface Given {
  readonly lab: AnyLab;
  readonly labFolder: string;
  readonly entries: YourTestsEntries;
  /** A folder of the caller's, to be removed by it. */
  readonly scratch: string;
  readonly databaseUrl?: string;
  readonly bounds?: Partial<TryBounds>;
}

/** Tries tests that are in `files` as a check does. */
export async function tryIn(
  files: string,
  {lab, labFolder, entries, scratch, databaseUrl, bounds = {}}: Given,
): Promise<Tried> {
  const {yourTests} = lab;
  if (yourTests === undefined) throw new Error(`${lab.id} asks for no tests`);
  return tryTests({
    lab,
    yourTests,
    files,
    labFolder,
    benchFile: await bundle(join(labFolder, 'bench.ts'), join(scratch, `${lab.id}-bench.mjs`), packageFolder),
    databaseUrl,
    entries,
    outFolder: join(scratch, 'out'),
    random: createRandom(7),
    signal: new AbortController().signal,
    bounds,
  });
}

/** Writes files of a lab, by their paths. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), {recursive: true});
    await writeFile(join(folder, path), text);
  }
}
