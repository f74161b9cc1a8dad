import {LabError, toErrorData} from '../errors.ts';
import {createLoadDriver} from '../load/driver.ts';
import type {LedgerWriter} from '../load/ledger.ts';
import type {LoadRun} from '../load/load.ts';
import {type CarriedEntry, LEDGER_ENTRY, LOAD_ENDED, type LoadEnd, type LoadThread} from './load-port.ts';
import {serveThread} from './serve-thread.ts';
import {threadSettings} from './thread-settings.ts';

// The load driver has a thread of its own: whatever else the lab does, operations start when they are meant to.
serveThread(({emit}) => {
  const settings = threadSettings();
  const carried = async (ledgerFile: string): Promise<LedgerWriter> => ({
    append: async entry => emit(LEDGER_ENTRY, {ledgerFile, entry} satisfies CarriedEntry),
    close: async () => undefined,
  });
  const driver = createLoadDriver(settings.carryLedgers ? carried : undefined);
  const runs = new Map<string, LoadRun>();
  const ended = (end: LoadEnd): void => {
    runs.delete(end.id);
    emit(LOAD_ENDED, end);
  };
  const requireRun = (id: string): LoadRun => {
    const run = runs.get(id);
    if (run === undefined) throw new LabError('NODE_GONE', `The load ${id} has ended.`);
    return run;
  };
  const handlers: LoadThread = {
    async start(plan, options) {
      const run = await driver.start(plan, options);
      const {id} = run;
      runs.set(id, run);
      run.done.then(
        summary => ended({id, summary}),
        (error: unknown) => ended({id, error: toErrorData(error)}),
      );
      return id;
    },
    summary: async id => requireRun(id).summary(),
    stop: async id => runs.get(id)?.stop(),
    echo: () => driver.echo(),
    stopAll: () => driver.stopAll(),
  };
  return {...handlers};
});
