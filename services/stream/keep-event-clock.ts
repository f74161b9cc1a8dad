import type {Broker} from '../kit/broker.ts';
import type {Kit} from '../kit/service.ts';
import {type ActivityPartitions, activityLag} from './activity-partitions.ts';
import {lockState, readState, saveState} from './event-clock-store.ts';
import type {Windows} from './seams/window.ts';

const LOOK_EVERY_MS = 1_000;

interface Parts extends Pick<Kit, 'clock' | 'database' | 'log'> {
  readonly broker: Pick<Broker, 'lag'>;
  readonly partitions: ActivityPartitions;
  readonly windows: Windows<unknown>;
}

/** Tells windows which partitions have nothing left to say, until `signal` is aborted. */
export async function keepEventClock(parts: Parts, signal: AbortSignal): Promise<void> {
  const {clock, log} = parts;
  while (!signal.aborted) {
    try {
      await look(parts);
    } catch (error) {
      log.debug({err: error}, 'the clock of events could not be looked after; trying again');
    }
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

async function look({clock, database, broker, partitions, windows}: Parts): Promise<void> {
  const now = clock.now();
  const known = await readState(database);
  if (known === undefined) return;
  // Asking the broker how far it is, and a transaction, are for when something could change: most often nothing does.
  const most = windows.rest(known, {drained: await partitions(), now});
  if (JSON.stringify(most) === JSON.stringify(known)) return;
  const drained = (await activityLag(broker)).filter(({lag}) => lag === 0).map(({partition}) => partition);
  await database.transaction(async transaction => {
    const before = await lockState(transaction, '');
    if (before === undefined) return;
    const state = windows.rest(before, {drained, now});
    await saveState(transaction, '', {state, clock: windows.clock(state)});
  });
}
