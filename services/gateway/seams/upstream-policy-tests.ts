import type {Tests} from '../../kit/tests.ts';

/** What a caller asks the gateway for. */
export interface Question {
  /** How long the caller waits, ms. */
  readonly patienceMs: number;
  /** Whether sending it twice has the effect of sending it once. Default: yes. */
  readonly safeToRepeat?: boolean;
}

/** What the upstream does with one request that it gets; `{}` answers at once. */
export interface Behaviour {
  /** The head of the answer comes after this long, ms. Default 0. */
  readonly headAfterMs?: number;
  /** The body takes this long on top, ms. Default 0. */
  readonly bodyTakesMs?: number;
  /** The answer gets lost when its head was due: the connection breaks. */
  readonly lost?: true;
  /** There is never an answer. */
  readonly hangs?: true;
}

/** One request to the upstream, in ms after the caller had asked. */
export interface Send {
  readonly atMs: number;
  /** Until when it was under way; null: it still was after a minute. */
  readonly endedAtMs: number | null;
  /** How it ended; `aborted`: by its signal, also while its body was being read. */
  readonly ended: 'answered' | 'lost' | 'aborted' | 'never';
}

/** What became of a question. */
export interface Outcome {
  /** `answered`: head and body are there; `failed`: the caller got an error; `never`: nothing within a minute. */
  readonly outcome: 'answered' | 'failed' | 'never';
  /** When the caller had all of it, or the error, ms after it had asked; null: never. */
  readonly endedAtMs: number | null;
  readonly sends: readonly Send[];
}

/** An upstream-policy between a caller and an upstream. Time passes only here, so a minute takes no time and figures are exact. */
export interface UpstreamPolicyBench {
  /** Asks once. The upstream treats the first request as the first behaviour says, the second as the second; the last one stays in force. */
  ask(question: Question, ...upstream: readonly Behaviour[]): Promise<Outcome>;
}

/** Tests of an upstream policy. A module of them exports `tests`. */
export type UpstreamPolicyTests = Tests<UpstreamPolicyBench>;
