import type {Delivery, Settlement} from '../broker.ts';
import type {Handle} from '../broker-parts/consume.ts';
import {createDraw} from './draw.ts';
import type {Effect} from './effect.ts';

/** Deliveries come once more, as when an acknowledgement got lost. */
export interface Redeliver extends Effect<'redeliver'> {
  /** The same handler, which gets some deliveries twice while this is in force. */
  wrap(handle: Handle): Handle;
}

/**
 * What was handled and acknowledged is handed over again before the broker hears of it, so that its partition waits. What is behind it in the
 * order of its key comes again too, as it would from a broker: a key never goes back alone. The last settlement of a message counts.
 */
export function createRedeliver(): Redeliver {
  let order: {readonly share: number; readonly draw: () => number} | undefined;
  let seen = 0;
  let affected = 0;
  return {
    start: ({share, seed}) => {
      order = {share, draw: createDraw(seed)};
      seen = 0;
      affected = 0;
    },
    stop: () => {
      order = undefined;
    },
    state: () => ({seen, affected}),
    wrap: handle => async (batch, claim) => {
      const settlements = await handle(batch, claim);
      if (order === undefined || !Array.isArray(settlements)) return settlements;
      seen += batch.length;
      const {share, draw} = order;
      const again = chooseAgain(batch, settlements, () => draw() < share);
      if (again.length === 0) return settlements;
      affected += again.length;
      const repeated = await handle(
        again
          .map(index => batch[index])
          .flatMap(one => (one === undefined ? [] : [{...one, deliveries: one.deliveries + 1}])),
        claim,
      );
      const result: (Settlement | undefined)[] = [...settlements];
      for (const [at, index] of again.entries()) result[index] = repeated[at];
      return result as readonly Settlement[];
    },
  };
}

/** Indexes of what comes again: the drawn ones of those that are done, and those of their keys behind them. `isDrawn` is asked once for each. */
export function chooseAgain(
  batch: readonly Delivery[],
  settlements: readonly (Settlement | undefined)[],
  isDrawn: () => boolean,
): readonly number[] {
  const waits = batch.findIndex((_, index) => !['ack', 'term'].includes(settlements[index]?.settle ?? 'nak'));
  const done = waits === -1 ? batch.length : waits;
  const keys = new Set<string>();
  return batch.flatMap(({key}, index) => {
    if (index >= done || settlements[index]?.settle !== 'ack') return [];
    if (isDrawn()) keys.add(key);
    return keys.has(key) ? [index] : [];
  });
}
