import {spawn} from 'node:child_process';
import {LabError} from '../../errors.ts';
import {asLabError} from '../../files.ts';
import type {User} from './postgres-home.ts';

const OUTPUT_BYTES_MAX = 100_000;

/**
 * Runs a command to its end and returns what it wrote, both streams together. Errors: POSTGRES_FAILED with its last lines when it
 * fails or says so, NO_SPACE and NOT_ALLOWED where that was the reason.
 */
export async function runCommand(
  what: string,
  command: string,
  args: readonly string[],
  options: {readonly user?: User | undefined; readonly input?: string; readonly failsOn?: RegExp} = {},
): Promise<string> {
  const child = spawn(command, [...args], {
    cwd: '/',
    env: {PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', LANG: 'C'},
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.user ?? {}),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-OUTPUT_BYTES_MAX);
    });
  }
  // A command that ends early closes its input; its exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', error => reject(asLabError(error, command)));
    child.once('close', resolve);
  });
  if (code === 0 && !options.failsOn?.test(output)) return output;
  throw commandError(what, output, code);
}

/** An error for output of Postgres' own programs, or of `cp`, which tell the reason in words. */
export function commandError(what: string, output: string, code: number | null): LabError {
  const lines = output.trim().split('\n').slice(-6).join('\n');
  const because = `${what} failed${code === 0 || code === null ? '' : ` with exit code ${code}`}. Its last lines:\n${lines}`;
  if (/no space left on device|disk quota exceeded/i.test(output)) return new LabError('NO_SPACE', because);
  if (/permission denied|operation not permitted/i.test(output)) return new LabError('NOT_ALLOWED', because);
  return new LabError('POSTGRES_FAILED', because);
}
