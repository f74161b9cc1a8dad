import {createHash} from 'node:crypto';
import {mkdir, readFile, stat, writeFile} from 'node:fs/promises';
import {builtinModules} from 'node:module';
import {join} from 'node:path';
import type {BuildResult, Message, Plugin} from 'esbuild';
import {LabError} from '../errors.ts';
import {confine} from './confine.ts';
import type {BuiltSeam} from './system.ts';

/** A file that was judged, as it was when the check read it. */
export interface JudgedFile {
  /** Relative to the folder of the learner's files. */
  readonly file: string;
  readonly sha256: string;
}

export type SeamBuild =
  | {readonly ok: true; readonly seam: BuiltSeam; readonly judged: readonly JudgedFile[]}
  | {
      readonly ok: false;
      readonly code: 'NOT_YOURS' | 'DOES_NOT_BUILD';
      readonly observed: string;
      readonly evidence: readonly string[];
    };

export interface SeamSource {
  readonly service: string;
  readonly seam: string;
  /** The learner's lab folder; nothing outside it gets into the module. */
  readonly folder: string;
  /** Relative to it: `publisher.ts`. */
  readonly file: string;
}

const SOURCE_BYTES_MAX = 1_000_000;

/**
 * Builds the learner's module of one seam into `outFolder`, as `<seam>-<hash of its content>.mjs` with an inline source map.
 * Types of `teralab/…` vanish; relative files of the same folder are bundled; `node:` modules stay imports. What cannot be
 * built, or is not the learner's own, is returned and not thrown.
 */
export async function buildSeam(source: SeamSource, outFolder: string): Promise<SeamBuild> {
  const entry = await ownFile(source);
  if (typeof entry !== 'string') return entry;
  const {build} = await import('esbuild');
  const folder = await confine(source.folder, '.');
  let result: BuildResult<{write: false; metafile: true}>;
  try {
    result = await build({
      entryPoints: [entry],
      absWorkingDir: folder,
      outfile: join(outFolder, `${source.seam}.mjs`),
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      charset: 'utf8',
      logLevel: 'silent',
      // The workspace's tsconfig is for editors: its `paths` would lead past the plugin.
      tsconfigRaw: {},
      plugins: [onlyOwnFiles(folder)],
    });
  } catch (error) {
    return notBuilt(error, source);
  }
  const text = result.outputFiles[0]?.text ?? '';
  const foreign = await foreignCode(source, entry, text);
  if (foreign) return foreign;
  const name = `${source.seam}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.mjs`;
  const file = join(outFolder, name);
  await mkdir(outFolder, {recursive: true});
  await writeFile(file, text);
  const judged = await Promise.all(
    Object.keys(result.metafile.inputs)
      .toSorted()
      .map(async input => ({file: input, sha256: await sha256Of(join(folder, input))})),
  );
  return {ok: true, seam: {service: source.service, seam: source.seam, file}, judged};
}

/** SHA-256 of a file's content, hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function ownFile({folder, file}: SeamSource): Promise<string | (SeamBuild & {ok: false})> {
  let path: string;
  try {
    path = await confine(folder, file);
  } catch (error) {
    if (error instanceof LabError) return refused(`${file} is a link that leads out of your lab folder`, []);
    throw error;
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return refused(`there is no file ${file}`, [`looked in ${folder}`]);
  if (found.size > SOURCE_BYTES_MAX)
    return refused(`${file} has ${found.size} bytes`, ['a seam is a page or two of code']);
  return path;
}

function onlyOwnFiles(folder: string): Plugin {
  const builtin = new Set(builtinModules);
  const refuse = (text: string) => ({errors: [{text, detail: NOT_YOURS}]});
  return {
    name: 'only-own-files',
    setup(build) {
      build.onResolve({filter: /.*/}, async ({path, kind, resolveDir, pluginData}) => {
        if (kind === 'entry-point' || pluginData === RESOLVED) return undefined;
        const bare = path.replace(/^node:/, '');
        if (path.startsWith('node:') || builtin.has(path)) {
          if (LOADERS.has(bare)) return refuse(`"${path}" would load code that is not in your lab folder`);
          return {path: `node:${bare}`, external: true};
        }
        if (!path.startsWith('.')) return refuse(`"${path}" is imported at run time, and it is not yours`);
        const found = await build.resolve(path, {kind, resolveDir, pluginData: RESOLVED});
        if (found.errors.length > 0) return {errors: found.errors};
        try {
          return {path: await confine(folder, found.path)};
        } catch {
          return refuse(`"${path}" leads out of your lab folder`);
        }
      });
    },
  };
}

const NOT_YOURS = 'NOT_YOURS';
const RESOLVED = 'resolved';
const LOADERS = new Set(['module', 'vm', 'child_process', 'worker_threads', 'cluster', 'inspector']);

function notBuilt(error: unknown, source: SeamSource): SeamBuild {
  const errors = isBuildFailure(error) ? error.errors : undefined;
  if (errors === undefined) throw error;
  const foreign = errors.filter(({detail}) => detail === NOT_YOURS);
  const [first] = foreign.length > 0 ? foreign : errors;
  if (first === undefined) throw error;
  const observed = `${placeOf(first, source.file)}: ${first.text}`;
  const evidence = first.location ? [`${first.location.line} | ${first.location.lineText.trimEnd()}`] : [];
  if (foreign.length > 0) return refused(observed, evidence);
  return {
    ok: false,
    code: 'DOES_NOT_BUILD',
    observed,
    evidence: [...evidence, ...errors.slice(1, 4).map(other => `${placeOf(other, source.file)}: ${other.text}`)],
  };
}

/** What gets past the resolver: an import of a computed path, and a file that only hands on another one's exports. */
async function foreignCode({file}: SeamSource, entry: string, built: string): Promise<SeamBuild | undefined> {
  if (/\bimport\(\s*(?!["'])[^)]/.test(withoutSourceMap(built)))
    return refused(`${file} imports a module whose name is computed at run time`, [
      'imports name their file as a plain string',
    ]);
  const own = (await readFile(entry, 'utf8')).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').trim();
  if (/^(\s*(import|export)\b[^;'"]*\bfrom\s*(['"]).*?\3\s*;?)+$/.test(own))
    return refused(`${file} only hands on what another file exports`, ['the file that the lab names holds the code']);
  return undefined;
}

function withoutSourceMap(text: string): string {
  return text.slice(0, text.lastIndexOf('//# sourceMappingURL='));
}

function refused(observed: string, evidence: readonly string[]): SeamBuild & {ok: false} {
  return {ok: false, code: 'NOT_YOURS', observed, evidence};
}

function placeOf({location}: Message, file: string): string {
  return location ? `${location.file}:${location.line}` : file;
}

function isBuildFailure(error: unknown): error is {readonly errors: readonly Message[]} {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}
