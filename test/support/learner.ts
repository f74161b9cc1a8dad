import {cpSync, mkdtempSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import type {StatusReport} from '../../src/controller/protocol.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const bin = join(root, 'bin', 'teralab.js');

/** No command of a test takes longer; one that hangs is killed and fails its test. */
const COMMAND_BOUND_MS = 150_000;

export interface Finished {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody at an empty folder, with nothing of teralab's yet. Disposing stops what they have started and removes all of it. */
export interface Learner extends AsyncDisposable {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `teralab <args>` to its end, whatever the exit code. */
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs `teralab <args> --json` and parses its document. */
  json<Document>(
    ...args: readonly string[]
  ): Promise<{readonly exitCode: number | undefined; readonly document: Document}>;
  /** A file of a lab in the workspace. */
  labFile(lab: string, file: string): string;
  /** Puts the files of `solution/`, or of another folder of the lab, into the workspace. */
  take(lab: string, variant: string): void;
}

/** `extra` is on top of this process's environment. */
export function newLearner(extra: Readonly<Record<string, string>> = {}): Learner {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'teralab-e2e-')));
  const folder = join(base, 'work');
  cpSync(join(root, 'templates', 'workspace', 'gitignore'), join(folder, '.gitignore'));
  const env = {...learnerEnvironment(join(base, 'home')), ...extra};
  const run: Learner['run'] = async (...args) => {
    const {exitCode, stdout, stderr} = await execa(process.execPath, [bin, ...args], {
      cwd: folder,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: COMMAND_BOUND_MS,
      killSignal: 'SIGKILL',
    });
    return {exitCode, stdout, stderr};
  };
  return {
    folder,
    env,
    run,
    json: async (...args) => {
      const {exitCode, stdout, stderr} = await run(...args, '--json');
      try {
        return {exitCode, document: JSON.parse(stdout)};
      } catch (error) {
        throw new Error(
          `teralab ${args.join(' ')} --json (exit ${exitCode}) printed no document:\n${stdout}\n${stderr}`,
          {
            cause: error,
          },
        );
      }
    },
    labFile: (lab, file) => join(folder, 'teralab', 'labs', lab, file),
    take: (lab, variant) =>
      cpSync(join(root, 'labs', lab, variant), join(folder, 'teralab', 'labs', lab), {recursive: true}),
    [Symbol.asyncDispose]: async () => {
      // `clean` too: as root, databases are outside of TERALAB_HOME.
      await run('down', '--all');
      await run('clean');
      rmSync(base, {recursive: true, force: true});
    },
  };
}

/** This process's environment, without what would lead to another's files, colours or answers. */
function learnerEnvironment(home: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^(TERALAB_|VITEST|NODE_OPTIONS$|NODE_ENV$|FORCE_COLOR$|CI$|VISUAL$|EDITOR$)/.test(entry[0]),
  );
  return {...Object.fromEntries(kept), TERALAB_HOME: home, NO_COLOR: '1'};
}

/** All processes of a system: its controller and its nodes. */
export function pidsOf(status: StatusReport): readonly number[] {
  return [status.controller.pid, ...status.nodes.flatMap(({pid}) => (pid === undefined ? [] : [pid]))];
}

/** Whether a process runs. One that has ended but that nobody has asked about yet (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
