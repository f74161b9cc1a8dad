import {type ChildProcess, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {findEntries} from '../../src/controller/entries.ts';
import {labPaths, type Paths} from '../../src/paths.ts';
import {postgresFolders} from '../../src/runtime/process/postgres-home.ts';

export const PACKAGE_FOLDER = findEntries().packageFolder;
export const LAUNCHER = join(PACKAGE_FOLDER, 'bin', 'teralab.js');
const COMMAND_WITHIN_MS = 120_000;

/** How a command ended, and when its first output came; ms from its spawn. */
export interface Timed {
  readonly ms: number;
  readonly firstOutputMs: number;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A teralab of its own: files, workspace and databases that are gone after `remove`. */
export interface BenchLab {
  readonly paths: Paths;
  run(args: readonly string[]): Promise<Timed>;
  /** Takes the system down and removes everything. */
  remove(): Promise<void>;
}

export function createBenchLab(): BenchLab {
  const home = mkdtempSync(join(tmpdir(), 'teralab-bench-'));
  const workspace = join(home, 'workspace');
  mkdirSync(workspace);
  const env = {...process.env, TERALAB_HOME: home, TERALAB_WORKSPACE: workspace};
  const paths = labPaths(env);
  const run = async (args: readonly string[]): Promise<Timed> => timeNode([LAUNCHER, ...args], env, home);
  return {
    paths,
    run,
    remove: async () => {
      await run(['down']);
      const {base} = postgresFolders(paths);
      for (const folder of [home, ...(base === undefined ? [] : [base])])
        rmSync(folder, {recursive: true, force: true});
    },
  };
}

/** Runs this Node with these arguments to its end. */
export async function timeNode(args: readonly string[], env: NodeJS.ProcessEnv, cwd = tmpdir()): Promise<Timed> {
  const begin = performance.now();
  const child = spawn(process.execPath, [...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: COMMAND_WITHIN_MS,
  });
  let firstOutputMs = Number.NaN;
  const texts = {stdout: '', stderr: ''};
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      if (Number.isNaN(firstOutputMs)) firstOutputMs = performance.now() - begin;
      texts[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    let ms = 0;
    child.once('error', reject);
    child.once('exit', () => {
      ms = performance.now() - begin;
    });
    child.once('close', code => resolve({ms, firstOutputMs, code, ...texts}));
  });
}

/** Ends a child and waits until it is gone. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

/** Ends the bench with words when something that has to work did not. */
export function mustWork(what: string, timed: Timed): Timed {
  if (timed.code !== 0) throw new Error(`${what} failed with exit code ${timed.code}:\n${timed.stderr}${timed.stdout}`);
  return timed;
}
