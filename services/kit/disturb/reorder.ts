import type {Delivery, Settlement} from '../broker.ts';
import type {Handle} from '../broker-parts/consume.ts';
import {createDraw} from './draw.ts';
import {cancel, type Effect, later} from './effect.ts';
import {shuffleWindows} from './shuffle.ts';

/** Share of the batches that are held back, and for how long (ms) at most, where nobody overtakes them. */
const HELD_SHARE = 0.5;
const HELD_MS_MAX = 200;

/** Deliveries of different keys change places. */
export interface Reorder extends Effect<'reorder'> {
  /** The same handler, which gets its deliveries in another order while this is in force. */
  wrap(handle: Handle): Handle;
}

/** A batch that waits for others to overtake it. */
interface Held {
  /** Deliveries that have overtaken it. */
  passed: number;
  readonly go: () => void;
}

/**
 * Within a batch places are drawn; and some batches are held back until those of other partitions have overtaken them, which also lets
 * more gather in the next one. A key has one partition, and of a partition one batch is under way: no key's order changes.
 */
export function createReorder(): Reorder {
  let order: {readonly window: number; readonly draw: () => number} | undefined;
  let seen = 0;
  let affected = 0;
  const held = new Set<Held>();

  const releaseAll = (): void => {
    for (const one of held) one.go();
  };

  /** A batch goes to its handler. Those that it would overtake by too much go first. */
  const pass = (size: number, window: number): void => {
    for (const one of held) {
      if (one.passed + size > window) one.go();
      else one.passed += size;
    }
  };

  /** Whether it was overtaken. */
  const hold = (): Promise<boolean> =>
    new Promise(resolve => {
      const timer = later(() => one.go(), HELD_MS_MAX);
      const one: Held = {
        passed: 0,
        go: () => {
          cancel(timer);
          held.delete(one);
          resolve(one.passed > 0);
        },
      };
      held.add(one);
    });

  return {
    start: ({window, seed}) => {
      releaseAll();
      order = {window: Math.max(1, Math.floor(window)), draw: createDraw(seed)};
      seen = 0;
      affected = 0;
    },
    stop: () => {
      order = undefined;
      releaseAll();
    },
    state: () => ({seen, affected}),
    wrap: handle => async (batch, claim) => {
      if (order === undefined) return handle(batch, claim);
      const {window, draw} = order;
      seen += batch.length;
      const places = shuffleWindows(
        batch.map(({key}) => key),
        window,
        draw,
      );
      const isHeld = draw() < HELD_SHARE;
      if (!isHeld) pass(batch.length, window);
      const isOvertaken = isHeld && (await hold());
      affected += isOvertaken ? batch.length : places.filter((place, index) => place !== index).length;
      const settlements = await handle(
        places.flatMap(index => batch[index] ?? []),
        claim,
      );
      return Array.isArray(settlements) ? inOrder(batch, places, settlements) : settlements;
    },
  };
}

/**
 * Settlements back in the order of the batch. Where the handler stopped at a message, those that it had not come to are refused with its words:
 * the broker reads up to the first one that is refused.
 */
function inOrder(
  batch: readonly Delivery[],
  places: readonly number[],
  settlements: readonly (Settlement | undefined)[],
): readonly Settlement[] {
  const refusal = settlements.find(settlement => settlement?.settle === 'nak');
  const result: (Settlement | undefined)[] = batch.map(() => refusal);
  for (const [at, index] of places.entries()) result[index] = settlements[at] ?? refusal;
  return result as readonly Settlement[];
}
