import {type ChildProcess, spawn} from 'node:child_process';
import {idleOptions} from '../idle-options.ts';
import {SESSION_MARK} from '../runtime/process/leftovers.ts';

export interface Watchdog {
  /** Returns once its process exists. Harmless while one runs. */
  ensure(): void;
  stop(): void;
}

/** The process that undoes overdue faults of nodes on an engine when the controller cannot any more: killed with it, it would be of no use. */
export function createWatchdog({
  entry,
  stateFolder,
  workspaceId,
  session,
}: {
  readonly entry: string;
  readonly stateFolder: string;
  readonly workspaceId: string;
  readonly session: string;
}): Watchdog {
  let child: ChildProcess | undefined;
  const runs = (): boolean => child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    ensure: () => {
      if (runs()) return;
      child = spawn(
        process.execPath,
        ['--max-semi-space-size=1', ...idleOptions(), entry, stateFolder, workspaceId, session],
        {detached: true, stdio: 'ignore', env: {...process.env, [SESSION_MARK]: session}},
      );
      // Without it faults end all the same, as long as this process lives.
      child.on('error', () => undefined);
      child.unref();
    },
    stop: () => {
      if (runs()) child?.kill('SIGKILL');
    },
  };
}
