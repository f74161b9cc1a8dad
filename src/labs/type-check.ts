import {execFile} from 'node:child_process';
import {cp, mkdtemp, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {openWorkspace} from './workspace.ts';

/**
 * Type-checks all variants of a lab as an editor in a learner's workspace would. Returns the compiler's complaints; undefined
 * where no TypeScript is installed.
 */
export async function typeCheckLab(
  lab: {readonly id: string; readonly variants: readonly string[]},
  {folder, templates, services}: {readonly folder: string; readonly templates: string; readonly services: string},
): Promise<readonly string[] | undefined> {
  const compiler = findCompiler();
  if (compiler === undefined) return undefined;
  const scratch = await mkdtemp(join(tmpdir(), 'teralab-types-'));
  try {
    await openWorkspace({folder: scratch, templates, services}).ensure();
    for (const variant of lab.variants)
      await cp(join(folder, variant), join(scratch, 'labs', lab.id, variant), {recursive: true});
    const {code, output} = await run(compiler, scratch);
    if (code === 0) return [];
    return output.split('\n').filter(line => line.trim() !== '');
  } finally {
    await rm(scratch, {recursive: true, force: true});
  }
}

function findCompiler(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    return undefined;
  }
}

function run(compiler: string, folder: string): Promise<{readonly code: number; readonly output: string}> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [compiler, '-p', folder, '--pretty', 'false'],
      {cwd: folder},
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({code: error ? Number(error.code) : 0, output: `${stdout}${stderr}`});
      },
    );
  });
}
