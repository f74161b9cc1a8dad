/** A request and its answer, as they pass an HTTP link. */
export interface Exchange {
  /** When the first byte of the request came, unix ms with fractions. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey?: string;
  readonly traceparent?: string;
  /** Of the final answer; null while there is none. */
  status: number | null;
  /** The first byte of its answer was seen. */
  answered: boolean;
  /** A toxic takes its answer away. */
  dropped: boolean;
}
