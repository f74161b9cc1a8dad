/** What clients know of an account: what they asked for, and what they were told. */
export interface AccountEntry {
  readonly key: string;
  readonly name: string;
  /** The ids that answers to this key named: one at most, if all is well. */
  readonly ids: Set<string>;
  closing: 'no' | 'asked' | 'acknowledged';
}

export interface EventEntry {
  readonly id: string;
  readonly account: string;
  /** When it happened, says the client; unix ms. */
  readonly at: number;
  /** It was sent long after its windows are final. */
  readonly isLate: boolean;
  acknowledged: boolean;
}

export interface SessionEntry {
  readonly account: string;
  refreshToken: string;
  /** `unsure`: a request that would have changed it was not answered, so that nobody outside knows how it stands. */
  state: 'live' | 'unsure' | 'ended';
}

/** The clients' own record, which everything is held against. */
export interface Book {
  readonly accounts: AccountEntry[];
  readonly events: Map<string, EventEntry>;
  readonly sessions: SessionEntry[];
  /** Answers that are wrong whatever else happens, in words. */
  readonly wrongAnswers: string[];
  /** By operation: how often it was asked for, and how often it was acknowledged in the end. */
  readonly operations: Map<string, {asked: number; acknowledged: number; sends: number}>;
}

export function emptyBook(): Book {
  return {accounts: [], events: new Map(), sessions: [], wrongAnswers: [], operations: new Map()};
}
