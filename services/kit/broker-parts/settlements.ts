import type {Delivery, Settlement} from '../broker.ts';

/** What a handler's answers for one batch mean for its partition. */
export interface BatchOutcome {
  /** Everything up to this position is done; null: nothing is. */
  readonly doneTo: number | null;
  /** Of what is done, the positions that were given up on, with the reasons. */
  readonly dead: readonly {readonly position: number; readonly reason: string}[];
  /** The message that has to come again. What follows it comes again too: the partition waits for it. */
  readonly nak: {readonly position: number; readonly delayMs: number; readonly reason: string} | null;
}

const REASON_LENGTH_MAX = 2_000;

/** Walks the settlements up to the first `nak`. A message without one counts as a `nak`: nobody said that it is done. */
export function summarize(batch: readonly Delivery[], settlements: readonly (Settlement | undefined)[]): BatchOutcome {
  let doneTo: number | null = null;
  const dead: {position: number; reason: string}[] = [];
  for (const [index, {position}] of batch.entries()) {
    const settlement = settlements[index];
    if (settlement?.settle === 'term') {
      dead.push({position, reason: toReason(settlement.reason)});
    } else if (settlement?.settle !== 'ack') {
      const reason = toReason(
        settlement?.reason ?? (settlement === undefined ? 'the handler did not settle it' : 'the handler refused it'),
      );
      return {doneTo, dead, nak: {position, delayMs: toDelay(settlement?.delayMs), reason}};
    }
    doneTo = position;
  }
  return {doneTo, dead, nak: null};
}

/** Text that every broker takes, of bounded length. */
function toReason(raw: unknown): string {
  return String(raw).replaceAll('\0', '').slice(0, REASON_LENGTH_MAX);
}

function toDelay(raw: number | undefined): number {
  return Number.isFinite(raw) ? Math.min(Math.max(0, Math.round(raw ?? 0)), 3_600_000) : 0;
}
