/** What is kept of the caller's patience for putting the page together and sending it. */
const MARGIN_SHARE = 0.1;
const MARGIN_MIN_MS = 25;
const MARGIN_MAX_MS = 200;

/** Aborted when the parts of a page have to be there, for a caller who waits so long. */
export function partsDeadline(patienceMs: number): AbortSignal {
  const marginMs = Math.min(MARGIN_MAX_MS, Math.max(MARGIN_MIN_MS, patienceMs * MARGIN_SHARE));
  return AbortSignal.timeout(Math.max(1, Math.floor(patienceMs - marginMs)));
}
