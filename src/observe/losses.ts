/** What was not kept: of services that could not send it, and of what came and had no room. */
export interface Losses {
  readonly unsentSpans: number;
  readonly evictedSpans: number;
  readonly refusedSeries: number;
  /** Batches that the collector which was named did not take. */
  readonly refusedByCollector: number;
}
