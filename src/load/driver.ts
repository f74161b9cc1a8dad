import {type EchoServer, startEcho} from './echo.ts';
import type {LoadDriver} from './load.ts';
import {type StartedRun, startRun} from './run.ts';

/** The open-loop driver. It belongs on a thread of its own, where nothing else delays its timers. */
export function createLoadDriver(): LoadDriver {
  const runs = new Set<StartedRun>();
  let started = 0;
  let echo: Promise<EchoServer> | undefined;
  return {
    start: async (plan, options) => {
      const run = await startRun(`load-${++started}`, plan, options);
      runs.add(run);
      const forget = (): void => {
        runs.delete(run);
      };
      run.done.then(forget, forget);
      return run;
    },
    echo: async () => {
      echo ??= startEcho();
      const {host, port} = await echo;
      return {host, port};
    },
    stopAll: async () => {
      const server = await echo;
      echo = undefined;
      await Promise.all([...[...runs].map(run => run.abort()), server?.close()]);
    },
  };
}
