import type {Tests} from '../../kit/tests.ts';

/** A message that the broker delivers. */
export interface TestEvent {
  readonly id: string;
  /** What it says: two events that say the same differ in nothing but their ids. Default: what no other says. */
  readonly says?: string;
}

/** How a batch is handled. */
export interface Handling {
  /** Which of two replicas gets it; each has a memory of its own. Default 1. */
  readonly replica?: 1 | 2;
  /**
   * The replica dies: with its work done and not committed, right after its first commit, or when all is done and the broker has not heard
   * of it. In its place a new one begins.
   */
  readonly dies?: 'before-commit' | 'after-commit' | 'before-ack';
}

/** An effect that took place. */
export interface TestEffect {
  /** Of the event. */
  readonly id: string;
  /** Whether the transaction of the effect also moved the position of its partition that far. */
  readonly withPosition: boolean;
}

/** Two replicas of stream with your handler, on one database that is empty at first. */
export interface HandlerBench {
  /**
   * Delivers a batch of one partition. `acknowledged`: every message of it; `refused`: some were not, or the handler threw; `died`: the
   * broker would deliver all of it again, in whatever batches, which is for the test to do.
   */
  deliver(batch: readonly TestEvent[], handling?: Handling): Promise<'acknowledged' | 'refused' | 'died'>;
  /** Whatever was stored with a time is that much older now. */
  daysPass(days: number): Promise<void>;
  /** All effects, in their order. */
  effects(): Promise<readonly TestEffect[]>;
}

/** Tests of a handler. A module of them exports `tests`. */
export type HandlerTests = Tests<HandlerBench>;
