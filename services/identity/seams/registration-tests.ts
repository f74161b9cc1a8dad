import type {Tests} from '../../kit/tests.ts';

/** A request to open an account. */
export interface TestRequest {
  readonly name: string;
  /** The `Idempotency-Key`. Default: none. */
  readonly key?: string;
  /** The client that chose it. Default: the same one. */
  readonly client?: string;
}

export interface Sending {
  /** Which of two replicas gets it; each has a memory of its own. Default 1. */
  readonly replica?: 1 | 2;
  /** The replica dies: with its work done and not committed, right after its first commit, or before its answer is sent. A new one takes its place. */
  readonly dies?: 'before-commit' | 'after-commit' | 'before-answer';
}

export interface TestAnswer {
  /** 500: it threw. Null: the replica died, and there was no answer. */
  readonly status: 201 | 409 | 422 | 500 | null;
  /** The account that it tells of, of a 201. */
  readonly account: {readonly id: string; readonly name: string} | null;
}

/** Two replicas of identity with your registration, on one database that is empty at first. */
export interface RegistrationBench {
  register(request: TestRequest, sending?: Sending): Promise<TestAnswer>;
  /** All of them at the same instant, by turns to the two replicas: none commits before the others have begun. */
  registerTogether(...requests: readonly TestRequest[]): Promise<readonly TestAnswer[]>;
  /** The rows of accounts that are there. */
  accounts(): Promise<readonly {readonly id: string; readonly name: string}[]>;
}

/** Tests of a registration. A module of them exports `tests`. */
export type RegistrationTests = Tests<RegistrationBench>;
