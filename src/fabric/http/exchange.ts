import type {InjectedAnswer} from './injected-answer.ts';

/** What became of an exchange that a toxic answers. */
export interface Injection {
  readonly answer: InjectedAnswer;
  /** Nothing can follow on this connection. */
  close: boolean;
  /** The client waits for `100 Continue`. */
  expects: boolean;
  /** The request has come to its end. */
  isRead: boolean;
}

/** A request and its answer, as they pass an HTTP link. One object with one shape from its first byte into the log: there are many. */
export class Exchange {
  /** When the first byte of the request came, unix ms with fractions. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
  /** Of the final answer; null while there is none. */
  status: number | null = null;
  /** The first byte of its answer was seen. */
  answered = false;
  /** A toxic takes its answer away. */
  dropped = false;
  /** A toxic answers in the upstream's place. */
  injection: Injection | undefined = undefined;
  /** Known when it is over. */
  durationMs = 0;
  lost: 'drop_reply' | 'reset' | 'closed' | undefined = undefined;
  /** The client closed its side before the end of the answer: so long after the beginning. */
  abandonedMs: number | undefined = undefined;

  constructor(at: number, request: Pick<Exchange, 'method' | 'path' | 'idempotencyKey' | 'traceparent'>) {
    this.at = at;
    this.method = request.method;
    this.path = request.path;
    this.idempotencyKey = request.idempotencyKey;
    this.traceparent = request.traceparent;
  }
}
