import {join} from 'node:path';
import {execa} from 'execa';
import {type Finished, root} from './learner.ts';

const BOUND_MS = 150_000;

/** Runs `node scripts/engine.js <args>` to its end, whatever the exit code. */
export async function runEngineScript(...args: readonly string[]): Promise<Finished> {
  const script = join(root, 'scripts', 'engine.js');
  const {exitCode, stdout, stderr} = await execa(process.execPath, [script, ...args], {
    reject: false,
    timeout: BOUND_MS,
  });
  return {exitCode, stdout, stderr};
}
