import type {Database, Queryable, Row} from '../../../services/kit/database.ts';
import type {BenchTools} from './bench.ts';

/** What a replica's work comes to when the replica has died in it. */
export const DIED = Symbol('died');

/** A process of a service as a test has it: with a memory and sessions of its own, and mortal. Its death leaves what was committed, and nothing else. */
export interface Replica {
  readonly module: Readonly<Record<string, unknown>>;
  readonly database: Database;
  /** It dies when it comes past this point next; undefined: it does not. The kit's transactions have points of their own. */
  dieAt(point: string | undefined): void;
  /** Its code comes past a point of the bench's. Never settles when it has died, there or before. */
  pass(point: string): Promise<void>;
  /** Hands on what it waits for, as long as it lives. */
  whileAlive<T>(work: Promise<T>): Promise<T>;
  /** Runs something of it, until that ends or the replica dies. */
  run<T>(work: () => Promise<T>): Promise<T | typeof DIED>;
  isDead(): boolean;
  /** Dies now, where it has not before; what it had in hand is rolled back. */
  die(): Promise<void>;
}

/** Starts a replica; `name` is no other's in this test. */
export async function startReplica({load, database, endSessions}: BenchTools, name: string): Promise<Replica> {
  const module = await load();
  let fatal: string | undefined;
  let isDead = false;
  let tellDeath = (): void => undefined;
  const died = new Promise<typeof DIED>(resolve => {
    tellDeath = () => resolve(DIED);
  });
  const die = (): void => {
    isDead = true;
    tellDeath();
  };
  const whileAlive = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const value = await work;
      return isDead ? await never() : value;
    } catch (error) {
      if (isDead) return never();
      throw error;
    }
  };
  const sessions = database(name, point => {
    if (isDead || point !== fatal) return;
    die();
    throw new Error('The replica has died.');
  });
  return {
    module,
    database: mortal(sessions, whileAlive, () => isDead),
    whileAlive,
    dieAt: point => {
      fatal = point;
    },
    pass: async point => {
      if (point === fatal) die();
      if (isDead) await never();
    },
    run: async work => {
      const outcome = await Promise.race([work(), died]);
      if (outcome === DIED) await endSessions(name);
      return outcome;
    },
    isDead: () => isDead,
    die: async () => {
      die();
      await endSessions(name);
    },
  };
}

type WhileAlive = Replica['whileAlive'];

/** A database whose answers never reach the dead. */
function mortal(database: Database, whileAlive: WhileAlive, isDead: () => boolean): Database {
  const queries = (inner: Queryable): Queryable => ({
    query: async <R extends Row>(text: string, parameters?: readonly unknown[]) =>
      isDead() ? never() : whileAlive(inner.query<R>(text, parameters)),
  });
  return {
    ...queries(database),
    transaction: async (work, options) =>
      isDead() ? never() : whileAlive(database.transaction(transaction => work(queries(transaction)), options)),
  };
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
