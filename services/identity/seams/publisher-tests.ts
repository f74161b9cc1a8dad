import type {Tests} from '../../kit/tests.ts';

export interface Saving {
  /** Which of two replicas does it; each has a memory of its own. Default 1. */
  readonly replica?: 1 | 2;
  /**
   * The replica dies: with the account stored and not committed, right after that commit, or as soon as the broker has an event of this
   * account, which the replica does not learn any more. A new one begins with the next use, or when all `settle`s.
   */
  readonly dies?: 'before-commit' | 'after-commit' | 'after-publish';
  /** The work itself fails, so there is to be neither an account nor an event. */
  readonly fails?: true;
}

/** `failed`: `save` threw. `died`: its replica had died before it returned. */
export type Saved = 'saved' | 'failed' | 'died';

/** An event as its consumers have it. */
export interface TestPublished {
  readonly account: string;
  /** Whether it came under the id that `save` was given. */
  readonly sameId: boolean;
}

/** Two replicas of identity with your publisher, a database that is empty at first, and a broker. `clock.sleep` takes a tenth of its time here. */
export interface PublisherBench {
  /** Opens an account, with one event that tells of it. */
  save(account: string, saving?: Saving): Promise<Saved>;
  /** The same, up to just before the commit, which waits for `finish`. */
  begin(account: string, saving?: Saving): Promise<void>;
  finish(account: string): Promise<Saved>;
  /** While the broker is away, nothing can be published. */
  broker(state: 'there' | 'away'): Promise<void>;
  /** Waits until whatever goes on in the background has had its time: whoever looks again and again has looked three times. */
  settle(): Promise<void>;
  /** The accounts that are committed. */
  accounts(): Promise<readonly string[]>;
  /** What consumers take for events: two with one id are one. */
  events(): Promise<readonly TestPublished[]>;
}

/** Tests of a publisher. A module of them exports `tests`. */
export type PublisherTests = Tests<PublisherBench>;
