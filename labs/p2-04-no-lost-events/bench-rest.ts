import {setTimeout as delay} from 'node:timers/promises';
import type {Clock} from '../../services/kit/clock.ts';
import type {Database} from '../../services/kit/database.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';
import type {Replica} from '../../src/labs/your-tests/replica.ts';

/** Sleeps take this part of their time. */
const TIMES_FASTER = 10;
/** Whoever looks again and again has looked this often. */
const LOOKS = 3;
const LOOK_EVERY_MS = 5;
/** Nobody waits for anything for as many looks in a row: nothing goes on any more. */
const IDLE_LOOKS = 6;
/** Nobody waits longer for it to settle, ms. */
const SETTLE_MS_MAX = 1_500;

/** What goes on in a replica, seen by what it waits for: the clock, the database, the broker. */
export interface Rest {
  readonly clock: Clock;
  readonly database: Database;
  /** Counts as going on until it settles. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Does not count as going on, although what it is part of does. */
  apart<T>(work: Promise<T>): Promise<T>;
  /** Settles when it has slept so often that a loop has come round, or nothing goes on in it. */
  settled(): Promise<void>;
}

export function createRest(replica: Replica): Rest {
  const system = createSystemClock();
  let sleeps = 0;
  let underWay = 0;
  const count = async <T>(by: 1 | -1, work: Promise<T>): Promise<T> => {
    underWay += by;
    try {
      return await work;
    } finally {
      underWay -= by;
    }
  };
  const during = <T>(work: Promise<T>): Promise<T> => count(1, work);
  return {
    during,
    apart: work => count(-1, work),
    clock: {
      ...system,
      sleep: (ms, signal) => {
        sleeps++;
        return during(replica.whileAlive(system.sleep(ms / TIMES_FASTER, signal)));
      },
    },
    database: {
      query: (text, parameters) => during(replica.database.query(text, parameters)),
      transaction: (work, options) => during(replica.database.transaction(work, options)),
    },
    settled: async () => {
      const from = sleeps;
      const until = system.monotonic() + SETTLE_MS_MAX;
      for (let idle = 0; idle < IDLE_LOOKS && sleeps < from + LOOKS && system.monotonic() < until; ) {
        await delay(LOOK_EVERY_MS);
        idle = underWay === 0 ? idle + 1 : 0;
        if (replica.isDead()) return;
      }
    },
  };
}
