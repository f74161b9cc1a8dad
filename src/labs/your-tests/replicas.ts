import type {BenchTools} from './bench.ts';
import {type Replica, startReplica} from './replica.ts';

/** Replicas by their number. */
export interface Replicas<Running> {
  /** The one that runs, or one that is started now. */
  get(number: number): Promise<Running>;
  /** It has died: the next one of this number is new. */
  forget(number: number): void;
  /** Those that run, by their numbers. */
  running(): ReadonlyMap<number, Promise<Running>>;
}

/** Opens them, none of which has started; `start` makes of a replica what the bench works with. */
export function openReplicas<Running>(
  tools: BenchTools,
  start: (replica: Replica) => Promise<Running>,
): Replicas<Running> {
  const running = new Map<number, Promise<Running>>();
  let started = 0;
  return {
    get: number => {
      const one = running.get(number) ?? startReplica(tools, `replica-${++started}`).then(start);
      running.set(number, one);
      return one;
    },
    forget: number => void running.delete(number),
    running: () => running,
  };
}
