import {carriedAfter, toOperation} from './follow-up.ts';
import type {LedgerWriter} from './ledger.ts';
import type {LedgerEntry, LoadPlan, LoadRun, LoadSummary, Operation} from './load.ts';
import {droppedEntry, perform} from './operation.ts';
import {createPauses} from './pauses.ts';
import {runSchedule} from './schedule.ts';
import {createSender} from './sender.ts';
import {createTally} from './tally.ts';
import {createWallClock} from './wall-clock.ts';

const IN_FLIGHT_MAX = 1000;

export interface StartedRun extends LoadRun {
  /** Stops, and gives up on what is under way: it is recorded with the error `aborted`. */
  abort(): Promise<void>;
}

/** Starts one load: its operations begin when they are meant to, whatever became of those before. The ledger is closed with its end. */
export async function startRun(
  id: string,
  plan: LoadPlan,
  options: {readonly ledger: LedgerWriter; readonly phase: string},
): Promise<StartedRun> {
  const {ledger} = options;
  const operations = [...plan.operations].sort((a, b) => a.atMs - b.atMs);
  const now = createWallClock();
  const sender = createSender(plan.targets, now);
  const pauses = createPauses();
  const tally = createTally();
  const startedAt = now();
  const elapsed = (): number => now() - startedAt;
  const under = new Set<Promise<void>>();
  const {inFlightMax = IN_FLIGHT_MAX, stopAfterOk = Number.POSITIVE_INFINITY} = plan;
  let inFlight = 0;
  let endedAfterMs: number | undefined;
  let stopSchedule = (): void => {};

  const decide = async (operation: Operation, index: number): Promise<LedgerEntry> => {
    const intendedAt = startedAt + operation.atMs;
    if (inFlight >= inFlightMax) return droppedEntry(operation, {phase: options.phase, intendedAt});
    inFlight += 1;
    try {
      return await perform(operation, {
        phase: options.phase,
        intendedAt,
        targets: plan.targets,
        firstTarget: operation.target ?? index,
        sender,
        pauses,
        now,
      });
    } finally {
      inFlight -= 1;
    }
  };

  const record = async (operation: Operation, index: number): Promise<LedgerEntry> => {
    const entry = await decide(operation, index);
    await ledger.append(entry);
    tally.decided(entry);
    if (tally.ok >= stopAfterOk) stop();
    return entry;
  };

  const start = async (operation: Operation, index: number): Promise<void> => {
    let entry = await record(operation, index);
    let carried = carriedAfter(entry, {});
    let {next} = operation;
    for (let number = 2; next !== undefined && entry.status !== null; number++) {
      if (number === 2 && entry.outcome !== 'ok') return;
      if (!(await pauses.sleep(next.afterMs))) return;
      tally.due(elapsed());
      // Another replica than the one that answered before.
      entry = await record(toOperation(operation, next, {number, atMs: elapsed(), carried}), index + number);
      carried = carriedAfter(entry, carried);
      next = next.next;
    }
  };

  const stop = (): void => {
    stopSchedule();
    pauses.cutShort();
  };

  const scheduled = new Promise<void>((resolve, reject) => {
    const launch = (index: number): void => {
      const operation = operations[index];
      if (operation === undefined) return;
      tally.due(elapsed());
      const running = start(operation, index).finally(() => under.delete(running));
      under.add(running);
      running.catch(reject);
    };
    stopSchedule = runSchedule(
      operations.map(operation => operation.atMs),
      elapsed,
      launch,
      resolve,
    );
  });

  const finish = async (): Promise<LoadSummary> => {
    try {
      await scheduled;
      await Promise.all(under);
    } finally {
      stop();
      endedAfterMs = elapsed();
      await Promise.allSettled([sender.close(), ledger.close()]);
    }
    return tally.summary(endedAfterMs);
  };
  const done = finish();
  // Whoever does not wait for the end must not be ended by its failure.
  done.catch(() => {});

  return {
    id,
    done,
    summary: async () => tally.summary(endedAfterMs ?? elapsed()),
    stop: async () => stop(),
    abort: async () => {
      stop();
      await sender.close();
      await done.catch(() => {});
    },
  };
}
