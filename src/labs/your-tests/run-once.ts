import {type ChildProcess, fork} from 'node:child_process';
import {realpath} from 'node:fs/promises';
import {LabError} from '../../errors.ts';
import {permissionOptions} from '../../runtime/process/permission-options.ts';
import {interrupted} from '../run/context.ts';
import type {Answered, Asked, BenchOrder, TestsOrder, TestsSaid} from './bench.ts';

/** Built files that the two processes of a run start from. */
export interface YourTestsEntries {
  readonly tests: string;
  readonly bench: string;
}

/** What became of the tests against one variant. `broke-off`: their process ended, or did not end, by itself. */
export type RunSaid = TestsSaid | {readonly said: 'broke-off'; readonly message: string};

export interface OneRun {
  readonly entries: YourTestsEntries;
  readonly tests: TestsOrder;
  readonly bench: BenchOrder;
  readonly signal: AbortSignal;
  /** What the whole run takes at most, ms. */
  readonly runMsMax: number;
}

const MEMORY_OPTIONS = ['--max-old-space-size=128', '--max-semi-space-size=4'];
/** Kept of what a process writes on stderr. */
const STDERR_LENGTH_MAX = 2_000;

/**
 * Runs the tests against one variant, in two processes that end with the run: the tests are confined to their own module, and reach the
 * variant only over this process. @throws BROKEN_LAB when the bench ends by itself; INTERRUPTED.
 */
export async function runOnce({entries, tests, bench, signal, runMsMax}: OneRun): Promise<RunSaid> {
  const tester = start(entries.tests, await confinement(entries.tests, tests.file));
  const subject = start(entries.bench, []);
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  try {
    return await new Promise<RunSaid>((resolve, reject) => {
      onAbort = () => reject(interrupted());
      signal.addEventListener('abort', onAbort, {once: true});
      if (signal.aborted) onAbort();
      timer = setTimeout(
        () => resolve({said: 'broke-off', message: `they had not ended after ${runMsMax / 1_000} s`}),
        runMsMax,
      );
      subject.process.on('message', (answer: Answered) => tell(tester.process, answer));
      tester.process.on('message', (message: Asked | TestsSaid) => {
        if ('said' in message) resolve(message);
        else tell(subject.process, message);
      });
      tester.ended.then(message => resolve({said: 'broke-off', message}), reject);
      subject.ended.then(
        message => reject(new LabError('BROKEN_LAB', `The bench of the tests ended: ${message}.`)),
        reject,
      );
      tell(subject.process, bench);
      tell(tester.process, tests);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    tester.process.kill('SIGKILL');
    subject.process.kill('SIGKILL');
  }
}

interface Started {
  readonly process: ChildProcess;
  /** Settles when it is gone, with how it went. */
  readonly ended: Promise<string>;
}

function start(entry: string, options: readonly string[]): Started {
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
  // Whoever kills it at the end of the run does not ask any more.
  ended.catch(() => undefined);
  return {process: child, ended};
}

/** Nothing but its own program and the module of the tests. */
async function confinement(entry: string, tests: string): Promise<readonly string[]> {
  const files = new Set(await Promise.all([entry, tests].flatMap(file => [file, realpath(file)])));
  const allowed = permissionOptions().filter(option => option !== '--allow-net');
  return [...allowed, ...[...files].map(file => `--allow-fs-read=${file}`)];
}

function whyIn(errors: string): string {
  const line = errors.split('\n').find(text => /(Error|FATAL)\b/.test(text));
  return line === undefined ? '' : ` (${line.trim()})`;
}

/** A process that is gone says so by its end. */
function tell(child: ChildProcess, message: Answered | Asked | BenchOrder | TestsOrder): void {
  if (child.connected) child.send(message, () => undefined);
}
