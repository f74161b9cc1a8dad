import type {Broker} from '../kit/broker.ts';
import type {Kit} from '../kit/service.ts';
import {complete, type EventClock, IDLE_AFTER_MS, rest} from './event-clock.ts';
import {lockClock, readClock, saveClock} from './event-clock-store.ts';
import {ACTIVITY, GROUP} from './streams.ts';

const LOOK_EVERY_MS = 1_000;

type Parts = Pick<Kit, 'clock' | 'database' | 'log'>;

/** Tells the clock of events which partitions there are, and which of them have nothing left to say, until `signal` is aborted. */
export async function keepEventClock(parts: Parts, broker: Broker, signal: AbortSignal): Promise<void> {
  const {clock, log} = parts;
  while (!signal.aborted) {
    try {
      await look(parts, broker);
    } catch (error) {
      log.debug({err: error}, 'the clock of events could not be looked after; trying again');
    }
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

async function look({clock, database}: Parts, broker: Broker): Promise<void> {
  const now = clock.now();
  // Asking the broker, and a transaction, are for when something could change: most often nothing does.
  if (!mayChange(await readClock(database), now)) return;
  const lag = (await broker.lag(ACTIVITY)).filter(({group}) => group === GROUP);
  if (lag.length === 0) return;
  const drained = new Set(lag.filter(one => one.lag === 0).map(({partition}) => partition));
  const partitions = lag.map(({partition}) => partition);
  await database.transaction(async transaction => {
    const before = await lockClock(transaction, '');
    await saveClock(transaction, '', rest(complete(before, partitions), drained, now));
  });
}

function mayChange({complete: isComplete, partitions}: EventClock, now: number): boolean {
  return !isComplete || [...partitions.values()].some(({idle, seenAt}) => !idle && seenAt + IDLE_AFTER_MS <= now);
}
