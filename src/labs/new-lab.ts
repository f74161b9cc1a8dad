import {access, mkdir, readdir, readFile} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {LabError} from '../errors.ts';
import {asLabError, writeAtomically} from '../files.ts';

const FILE_MODE = 0o644;
/** As the template is called. */
const TEMPLATE_ID = 'p1-90-your-lab';
const TEMPLATE_TITLE = 'Your lab';

export interface NewLab {
  /** `p2-90-my-idea`. */
  readonly id: string;
  /** Folder of labs that it goes into. */
  readonly folder: string;
  readonly packageFolder: string;
}

/**
 * Makes a lab of its own from `templates/lab`: complete, and it holds. Beside it goes a tsconfig.json, where there is none, so that an
 * editor knows `teralab/…`. Returns its files. Errors: USAGE for a bad id or where there is something already; NOT_ALLOWED, NO_SPACE.
 */
export async function makeLab({id, folder, packageFolder}: NewLab): Promise<readonly string[]> {
  const phase = /^p([1-3])-\d\d-[a-z0-9]+(-[a-z0-9]+)*$/.exec(id)?.[1];
  if (phase === undefined)
    throw new LabError('USAGE', `"${id}" is no id of a lab: phase, number and words, as in p2-90-my-idea.`);
  const target = join(folder, id);
  if (await isThere(target)) throw new LabError('USAGE', `${target} is there already.`);
  const source = join(packageFolder, 'templates', 'lab');
  const inPackage = folder === join(packageFolder, 'labs');
  const entries = await readdir(source, {recursive: true, withFileTypes: true});
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => relative(source, join(entry.parentPath, entry.name)))
    .toSorted();
  try {
    for (const file of files) {
      const text = named(await readFile(join(source, file), 'utf8'), id, Number(phase));
      await mkdir(dirname(join(target, file)), {recursive: true});
      await writeAtomically(join(target, file), file === 'lab.ts' && inPackage ? fromWithin(text) : text, FILE_MODE);
    }
    if (!inPackage && !(await isThere(join(folder, 'tsconfig.json'))))
      await writeAtomically(join(folder, 'tsconfig.json'), editorConfig(folder, packageFolder), FILE_MODE);
  } catch (error) {
    throw asLabError(error, target);
  }
  return files;
}

function named(text: string, id: string, phase: number): string {
  const words = id.replace(/^p\d-\d\d-/, '').replaceAll('-', ' ');
  const title = `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`;
  return text.replaceAll(TEMPLATE_ID, id).replaceAll(TEMPLATE_TITLE, title).replace('phase: 1,', `phase: ${phase},`);
}

/** Labs of the package itself import the sources by their paths. */
function fromWithin(text: string): string {
  return text.replace(/'teralab\/([^']+)'/g, "'../../src/$1.ts'");
}

function editorConfig(folder: string, packageFolder: string): string {
  const place = relative(folder, packageFolder).replaceAll('\\', '/');
  const base = place.startsWith('.') ? place : `./${place}`;
  const config = {
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'dom', 'esnext.disposable'],
      module: 'esnext',
      moduleResolution: 'bundler',
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      isolatedModules: true,
      paths: {'teralab/*': [`${base}/src/*`, `${base}/services/*`]},
    },
    include: ['*/**/*.ts'],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
