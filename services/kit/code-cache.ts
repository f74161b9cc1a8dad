import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import Module, {createRequire} from 'node:module';
import {basename, dirname, join} from 'node:path';
import {constants, Script} from 'node:vm';

/**
 * Runs a bundle (CommonJS, plain ASCII, beginning with a comment that holds its hash) with what V8 made of it the last time, which
 * spares a service most of its start. `CODE_CACHE` names the folder for that; without it, or when V8 does not accept what is there
 * (another version, other options), the bundle is compiled as always. Written when the process ends in order, off every critical path.
 */
export function runCached(file: string): void {
  const source = readFileSync(file, 'latin1');
  const folder = process.env.CODE_CACHE;
  // The hash tells builds apart: V8 itself compares nothing but the length.
  const hash = /^\/\*([0-9a-f]{16,})\*\//.exec(source)?.[1];
  const cache =
    folder === undefined || folder === '' || hash === undefined
      ? undefined
      : join(folder, `${basename(file)}-${hash}-${process.version}-${process.arch}`);
  const cachedData = cache === undefined ? undefined : readIfThere(cache);
  const script = new Script(Module.wrap(source), {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : {cachedData}),
  });
  if (cache !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    process.once('exit', code => {
      if (code === 0) save(cache, `${basename(file)}-`, () => script.createCachedData());
    });
  }
  const module = {exports: {}};
  const run = script.runInThisContext() as (...parts: readonly unknown[]) => void;
  run.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Complete or not at all: others may be reading, or writing the same. Without it everything works, so that failing does not matter. */
function save(file: string, prefix: string, make: () => Buffer): void {
  try {
    const folder = dirname(file);
    mkdirSync(folder, {recursive: true, mode: 0o700});
    // What earlier builds left is of no use any more.
    for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name), {force: true});
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, make(), {mode: 0o600});
    renameSync(draft, file);
  } catch {
    // No space or no permission: the next start compiles again.
  }
}
