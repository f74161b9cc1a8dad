import type {Clock} from '../../../services/kit/clock.ts';

/** Time that passes only while somebody waits for it, for a process whose code keeps to timers, `Date.now` and `AbortSignal.timeout`. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Ms since the time began. */
  elapsed(): number;
  /** Lets time pass until `promise` has settled, at most `ms`. Whether it has. */
  until(promise: Promise<unknown>, ms: number): Promise<boolean>;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
}

/** An arbitrary day. */
const BEGIN = 1_800_000_000_000;
/** Turns of the event loop after which whatever can go on without a timer has gone on. */
const TURNS = 3;

interface Timer {
  at: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** Takes the place of the process's own time, for good: for processes of their own alone. */
export function createVirtualTime(): VirtualTime {
  const immediate = globalThis.setImmediate;
  const timers = new Map<number, Timer>();
  let elapsed = 0;
  let ids = 0;

  const add = (run: () => void, ms: number, everyMs?: number): number => {
    timers.set(++ids, {at: elapsed + Math.max(1, Number(ms) || 0), everyMs, run});
    return ids;
  };
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn++) await new Promise(resolve => immediate(resolve));
  };
  const next = (by: number): [number, Timer] | undefined =>
    [...timers].filter(([, {at}]) => at <= by).toSorted(([a, one], [b, other]) => one.at - other.at || a - b)[0];
  const passUntil = async (by: number, isOver: () => boolean): Promise<void> => {
    for (await quiet(); !isOver(); await quiet()) {
      const due = next(by);
      if (due === undefined) break;
      const [id, timer] = due;
      elapsed = timer.at;
      if (timer.everyMs === undefined) timers.delete(id);
      else timer.at = elapsed + Math.max(1, timer.everyMs);
      timer.run();
    }
    if (!isOver()) elapsed = by;
  };
  const clock: Clock = {
    now: () => BEGIN + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const onAbort = (): void => {
          timers.delete(id);
          reject(signal?.reason);
        };
        const id = add(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        }, ms);
        signal?.addEventListener('abort', onAbort, {once: true});
      }),
  };
  replaceGlobals(clock, add, id => timers.delete(id));
  return {
    clock,
    elapsed: () => elapsed,
    pass: ms => passUntil(elapsed + ms, () => false),
    until: async (promise, ms) => {
      let settled = false;
      const note = (): void => {
        settled = true;
      };
      promise.then(note, note);
      await passUntil(elapsed + ms, () => settled);
      return settled;
    },
  };
}

type Add = (run: () => void, ms: number, everyMs?: number) => number;

function replaceGlobals(clock: Clock, add: Add, clear: (id: number) => void): void {
  /** As Node gives it: an object that a timer is cleared by. */
  const handle = (id: number): object => ({
    [Symbol.toPrimitive]: () => id,
    ref() {
      return this;
    },
    unref() {
      return this;
    },
    hasRef: () => true,
  });
  const clearTimer = (timer: unknown): void => {
    if (timer !== undefined && timer !== null) clear(Number(timer));
  };
  Object.assign(globalThis, {
    setTimeout: (run: (...given: unknown[]) => void, ms: number, ...given: unknown[]) =>
      handle(add(() => run(...given), ms)),
    setInterval: (run: (...given: unknown[]) => void, ms: number, ...given: unknown[]) =>
      handle(add(() => run(...given), ms, ms)),
    clearTimeout: clearTimer,
    clearInterval: clearTimer,
  });
  Date.now = clock.now;
  performance.now = clock.monotonic;
  AbortSignal.timeout = ms => {
    const controller = new AbortController();
    add(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms);
    return controller.signal;
  };
}
