import {isDatabaseUnavailable} from '../kit/postgres-errors.ts';
import {createWake} from '../kit/wake.ts';
import {isRefusal} from './saga-refusal.ts';
import {finishSaga, postponeSaga, type SagaRow, takeSagas} from './saga-rows.ts';
import type {SagaTools} from './seams/saga.ts';

/** Own sagas are tried at once; this is for what failed, and for what a crash left. */
const LOOK_EVERY_MS = 500;
const AT_ONCE = 8;
/** New ones that wait for their turn; what is beyond is found in the database later. */
const WAITING_MAX = 1_000;
const AGAIN_AFTER_MS = 500;
const AGAIN_AFTER_MAX_MS = 5_000;

/** Tries sagas until they are done. */
export interface SagaRunner {
  /** A saga that was recorded just now. */
  add(saga: SagaRow): void;
  start(): void;
  /** Finishes the tries under way. What is left over is for other replicas, or for the next start. */
  stop(): Promise<void>;
}

/**
 * `work` does a saga's steps. While they fail, one saga at a time is tried and all others wait: who cannot be reached is not asked more
 * often because more is left to do.
 */
export function createSagaRunner(
  {database, clock, log}: Pick<SagaTools, 'database' | 'clock' | 'log'>,
  work: (saga: SagaRow) => Promise<void>,
): SagaRunner {
  const stopping = new AbortController();
  const waiting: SagaRow[] = [];
  const underWay = new Set<Promise<void>>();
  const wake = createWake(clock);
  let running: Promise<void> | undefined;
  let failing = false;

  /** Never rejects. */
  async function attempt(saga: SagaRow, attempts: number): Promise<void> {
    try {
      await work(saga);
      await finishSaga(database, saga);
      if (failing) {
        log.info({}, 'sagas come to their end again');
        wake.wake();
      }
      failing = false;
    } catch (error) {
      if (!failing) log.warn({err: error, ...saga}, 'a saga failed; it is tried again until it is done');
      // One that is refused says nothing of the others.
      failing ||= !isRefusal(error);
      const wait = Math.min(AGAIN_AFTER_MS * 2 ** Math.min(attempts, 10), AGAIN_AFTER_MAX_MS);
      await postponeSaga(database, saga, wait).catch(problem => {
        if (!isDatabaseUnavailable(problem)) log.warn({err: problem, ...saga}, 'a saga could not be put off');
      });
    }
  }

  function begin(saga: SagaRow, attempts: number): void {
    const one = attempt(saga, attempts).finally(() => {
      underWay.delete(one);
      const next = stopping.signal.aborted || failing ? undefined : waiting.shift();
      if (next !== undefined) begin(next, 0);
      else waiting.length = 0;
    });
    underWay.add(one);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const room = failing ? 1 : AT_ONCE - underWay.size;
      let taken = 0;
      try {
        const sagas = room <= 0 ? [] : await takeSagas(database, room);
        taken = sagas.length;
        for (const {attempts, ...saga} of sagas) begin(saga, attempts);
      } catch (error) {
        log.debug({err: error}, 'sagas could not be looked for');
      }
      if (taken > 0) await Promise.race([...underWay]);
      if (taken === 0 || failing) await wake.wait(LOOK_EVERY_MS, stopping.signal);
    }
    await Promise.all(underWay);
  }

  return {
    add(saga) {
      if (failing || stopping.signal.aborted || waiting.length >= WAITING_MAX) return;
      if (underWay.size < AT_ONCE) begin(saga, 0);
      else waiting.push(saga);
    },
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(underWay);
    },
  };
}
