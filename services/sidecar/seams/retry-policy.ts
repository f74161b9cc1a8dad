/** An attempt that brought no answer. */
export interface FailedAttempt {
  readonly service: string;
  readonly method: string;
  /** 1 for the first. */
  readonly attempt: number;
  /**
   * `unsent`: no connection could be made, so that not a byte has left. `lost`: the connection broke before the head of an answer was
   * there; the other side may have done what was asked.
   */
  readonly how: 'unsent' | 'lost';
}

/** Decides whether a sidecar sends a request again. Answers, whatever their status, are handed on: they are the caller's to judge. */
export interface RetryPolicy {
  again(failed: FailedAttempt): boolean;
  /** An attempt brought an answer. */
  answered?(service: string): void;
}

/** A module that replaces it exports `createRetryPolicy`. Every sidecar creates one. */
export type CreateRetryPolicy = () => RetryPolicy;
