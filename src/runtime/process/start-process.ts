import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync} from 'node:fs';
import {Duplex} from 'node:stream';
import {LabError} from '../../errors.ts';
import {asLabError} from '../../files.ts';
import type {NodeExit} from '../runtime.ts';
import {type ControlChannel, createControlChannel} from './control-channel.ts';
import {dropLeash, LEASH_SCRIPT} from './leash.ts';
import {SESSION_MARK} from './leftovers.ts';
import {openLog} from './log-file.ts';
import {waitUntil} from './wait.ts';

/** The last words of a node are in the pipe already when it is seen to be gone; this (ms) is a bound against hanging. */
const LAST_WORDS_WITHIN_MS = 1_000;

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly session: string;
  readonly logFile: string;
  /** Sent to the process when the controller dies. */
  readonly leashSignal: 'QUIT' | 'TERM';
  /** Whether descriptor 3 carries the control channel. */
  readonly control: boolean;
  readonly user?: {readonly uid: number; readonly gid: number} | undefined;
  /** Working folder, which its user can enter. Default: `/`, since the controller's own may be closed to another user. */
  readonly folder?: string;
}

/** A process that was started, and how it ends. */
export interface StartedProcess {
  readonly pid: number;
  readonly startedAt: number;
  readonly control: ControlChannel | undefined;
  readonly exited: Promise<NodeExit>;
  /** Whether it has ended. */
  isGone(): boolean;
  /** Says what the next end will be due to. The last word counts. */
  expect(how: 'stopped' | 'killed'): void;
  /** Sends a signal unless it has ended. Until its end is noted here, its pid cannot become another's. */
  signal(name: NodeJS.Signals): void;
  /** True when it ended within the bound (ms). */
  endsWithin(ms: number): Promise<boolean>;
}

/** Starts a process on the session's leash, its output going to its log. Errors: NODE_GONE, NO_SPACE, NOT_ALLOWED. */
export async function startProcess(spec: ProcessSpec): Promise<StartedProcess> {
  const log = openLog(spec.logFile);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', LEASH_SCRIPT, 'teralab', spec.command, ...spec.args], {
      cwd: spec.folder ?? '/',
      env: {...spec.env, [SESSION_MARK]: spec.session, LEASH_SIGNAL: spec.leashSignal},
      stdio: ['ignore', log, log, spec.control ? 'pipe' : 'ignore', 'pipe'],
      ...(spec.user ?? {}),
    });
  } finally {
    closeSync(log);
  }
  const startedAt = Date.now();
  let intent: 'stopped' | 'killed' | undefined;
  let point: string | undefined;
  let gone = false;
  // Errors of the leash's pipe mean that the other end is gone, which the exit tells.
  for (const pipe of child.stdio) pipe?.on('error', () => undefined);
  const pipe = child.stdio[3];
  const control = spec.control && pipe instanceof Duplex ? createControlChannel(pipe) : undefined;
  control?.onReport(report => {
    if (report.type === 'crash-point') point = report.point;
  });
  const exited = new Promise<NodeExit>(resolve => {
    child.once('exit', async (code, signal) => {
      gone = true;
      const at = Date.now();
      dropLeash(child);
      // A child of the node may hold the pipe open, hence the bound.
      if (control !== undefined) {
        let ended = false;
        void control.ended.then(() => (ended = true));
        await waitUntil(() => ended, LAST_WORDS_WITHIN_MS);
        control.destroy();
      }
      const ended = {code, signal, at};
      if (point !== undefined && signal === 'SIGKILL') resolve({how: 'crash-point', point, ...ended});
      else resolve({how: intent ?? 'exited', ...ended});
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', error => reject(startError(spec.name, error)));
  });
  const {pid} = child;
  if (pid === undefined) throw new LabError('NODE_GONE', `${spec.name} could not be started.`);
  return {
    pid,
    startedAt,
    control,
    exited,
    isGone: () => gone,
    expect: how => {
      intent = how;
    },
    signal: name => {
      if (!gone) child.kill(name);
    },
    endsWithin: async ms => waitFor(exited, ms),
  };
}

async function waitFor(exited: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const ended = await Promise.race([exited.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}

function startError(name: string, error: Error): unknown {
  const known = asLabError(error, `what ${name} needs to start`);
  return known === error
    ? new LabError('NODE_GONE', `${name} could not be started: ${error.message}.`, {cause: error})
    : known;
}
