/** What was not kept: of services that could not send it, and of what came and had no room. */
export interface Losses {
  readonly unsentSpans: number;
  readonly evictedSpans: number;
  readonly refusedSeries: number;
}
