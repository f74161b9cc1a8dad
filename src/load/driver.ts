import {type EchoServer, startEcho} from './echo.ts';
import {type LedgerWriter, openLedger} from './ledger.ts';
import type {LoadDriver} from './load.ts';
import {type StartedRun, startRun} from './run.ts';

/**
 * The open-loop driver. It belongs on a thread of its own, where nothing else delays its timers. `open` gives what ledgers are written
 * to: files of this machine, or whatever brings the entries to where the files are.
 */
export function createLoadDriver(open: (ledgerFile: string) => Promise<LedgerWriter> = openLedger): LoadDriver {
  const runs = new Set<StartedRun>();
  let started = 0;
  let echo: Promise<EchoServer> | undefined;
  return {
    start: async (plan, options) => {
      const run = await startRun(`load-${++started}`, plan, {
        phase: options.phase,
        ledger: await open(options.ledgerFile),
      });
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
