import {spawn} from 'node:child_process';
import {accessSync, constants, statSync} from 'node:fs';
import {homedir, constants as osConstants} from 'node:os';
import {delimiter, join, resolve} from 'node:path';
import {LabError} from '../../errors.ts';
import type {ProcessProvider} from './experiment.ts';
import type {ProcessOutput} from './ports.ts';

/** As much of what a program writes as is kept, bytes. */
const OUTPUT_BYTES_MAX = 1_000_000;

/**
 * Runs a program as Chaos Toolkit's core does: arguments as a text go through the shell, lists and mappings do not. An exit code other than
 * 0 is no error, a timeout is. Whatever the program has started in its group ends with it then, or when the signal aborts.
 * Errors: BAD_VALUE.
 */
export async function runProgram(provider: ProcessProvider, signal: AbortSignal): Promise<ProcessOutput> {
  const path = findProgram(provider.path);
  if (path === undefined) throw new LabError('BAD_VALUE', `There is no program "${provider.path}" that can be run.`);
  const given = provider.arguments;
  const isLine = typeof given === 'string';
  const child = isLine
    ? spawn(`${path} ${given}`, {shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe']})
    : spawn(path, words(given), {detached: true, stdio: ['ignore', 'pipe', 'pipe']});
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let isLate = false;
  const timer =
    provider.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          kill();
        }, provider.timeoutMs);
  signal.addEventListener('abort', kill, {once: true});
  if (signal.aborted) kill();
  try {
    const status = await new Promise<number>((done, fail) => {
      child.once('error', fail);
      child.once('close', (code, by) => done(code ?? -(by === null ? 1 : osConstants.signals[by])));
    });
    if (signal.aborted) throw new LabError('INTERRUPTED', `${provider.path} was stopped.`);
    if (isLate) throw new LabError('BAD_VALUE', `${provider.path} did not end within ${provider.timeoutMs} ms.`);
    return {status, stdout: stdout(), stderr: stderr()};
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('BAD_VALUE', `${provider.path} could not be run: ${(error as Error).message}.`, {cause: error});
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

/** The file that a name or path stands for, as a shell finds it. */
export function findProgram(raw: string): string | undefined {
  const path = raw.replace(/^~(?=\/|$)/, homedir());
  const candidates = path.includes('/')
    ? [resolve(path)]
    : (process.env.PATH ?? '').split(delimiter).map(folder => join(folder || '.', path));
  return candidates.find(candidate => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

function words(given: Exclude<ProcessProvider['arguments'], string>): readonly string[] {
  const flat = Array.isArray(given) ? given : Object.entries(given).flat();
  return flat.filter(word => word !== null && word !== undefined && word !== '').map(String);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (bytes < OUTPUT_BYTES_MAX) chunks.push(chunk.subarray(0, OUTPUT_BYTES_MAX - bytes));
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
