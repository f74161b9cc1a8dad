import {type ChildProcess, fork} from 'node:child_process';
import {realpath} from 'node:fs/promises';
import {permissionOptions} from '../../runtime/process/permission-options.ts';

const MEMORY_OPTIONS = ['--max-old-space-size=128', '--max-semi-space-size=4'];
/** Kept of what a process writes on stderr. */
const STDERR_LENGTH_MAX = 2_000;

/** A process of a run of tests, that is told and tells something by messages. */
export interface Child {
  readonly process: ChildProcess;
  /** Settles when it is gone, with how it went. */
  readonly ended: Promise<string>;
  /** Tells it something; who is gone says so by its end. */
  tell(message: object): void;
  kill(): void;
}

/** Starts a built file with nothing of this process's environment. */
export function startChild(entry: string, options: readonly string[] = []): Child {
  const child = fork(entry, [], {
    execArgv: [...MEMORY_OPTIONS, ...options],
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(0, STDERR_LENGTH_MAX);
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const how = signal === null ? `the process ended with exit code ${code}` : `the process was ended by ${signal}`;
      resolve(`${how}${whyIn(errors)}`);
    });
  });
  // Whoever kills it does not ask any more.
  ended.catch(() => undefined);
  return {
    process: child,
    ended,
    tell: message => {
      if (child.connected) child.send(message, () => undefined);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Options that leave a process nothing but its own program and one module. */
export async function confinedTo(entry: string, module: string): Promise<readonly string[]> {
  const files = new Set(await Promise.all([entry, module].flatMap(file => [file, realpath(file)])));
  const allowed = permissionOptions().filter(option => option !== '--allow-net');
  return [...allowed, ...[...files].map(file => `--allow-fs-read=${file}`)];
}

function whyIn(errors: string): string {
  const line = errors.split('\n').find(text => /(Error|FATAL)\b/.test(text));
  return line === undefined ? '' : ` (${line.trim()})`;
}
