import type {BatchOutcome} from '../broker-parts/settlements.ts';

/** Where a group stands in a partition: one record, changed by compare-and-set alone. Its revision is the token of the claim. */
export interface Progress {
  readonly position: number;
  /** Every message up to there was handed out at least once. */
  readonly deliveredTo: number;
  /**
   * How often the first message after `position` was handed out. Those behind it, up to `deliveredTo`, exactly once, because a message
   * that was delivered before travels alone.
   */
  readonly deliveries: number;
  readonly reason: string | null;
  /** Which life of which member has it in hand. */
  readonly owner: string | null;
  readonly member: string | null;
  /** Nobody else takes it as long as it has been unchanged for less than this, on each one's own clock. */
  readonly holdMs: number;
  /** Given up on, and maybe not among the dead letters yet: written down with the position, so that neither is true without the other. */
  readonly dead: readonly Dead[];
}

export interface Dead {
  readonly position: number;
  readonly reason: string;
  /** Unix ms. */
  readonly at: number;
}

const FREE = {reason: null, owner: null, member: null, holdMs: 0} as const;

export const BEGINNING: Progress = {...FREE, position: 0, deliveredTo: 0, deliveries: 0, dead: []};

export interface ClaimTerms {
  readonly owner: string;
  readonly member: string;
  readonly ackWaitMs: number;
  readonly deliveriesMax: number;
  readonly batchMax: number;
  /** Unix ms. */
  readonly now: number;
}

/**
 * The record of a claim on the first of the messages at these positions, which are all that come next for the group, and how many of
 * them are handed out. Messages that were delivered too often are given up on; when that leaves none, the record is that of a free partition.
 */
export function claim(
  before: Progress,
  positions: readonly number[],
  {owner, member, ackWaitMs, deliveriesMax, batchMax, now}: ClaimTerms,
): {readonly progress: Progress; readonly batch: readonly number[]} {
  const late = before.owner === null ? before.reason : `${before.member} did not settle it in time`;
  let current = {...before, reason: late};
  let left = positions;
  for (let [head] = left; head !== undefined && current.deliveries >= deliveriesMax; [head] = left) {
    current = giveUp(current, {position: head, reason: current.reason ?? 'it was delivered too often', at: now});
    left = left.slice(1);
  }
  if (left.length === 0) return {progress: {...current, ...FREE}, batch: []};
  const batch = current.deliveries > 0 ? left.slice(0, 1) : left.slice(0, batchMax);
  const progress = {
    ...current,
    deliveries: current.deliveries + 1,
    deliveredTo: Math.max(current.deliveredTo, batch.at(-1) ?? 0),
    owner,
    member,
    holdMs: ackWaitMs,
  };
  return {progress, batch};
}

/** The record after a batch was settled: what is done is done, and the partition is free, or waits for the message that was refused. */
export function settle(
  claimed: Progress,
  outcome: BatchOutcome,
  terms: Pick<ClaimTerms, 'deliveriesMax' | 'now'>,
): Progress {
  const {doneTo, dead, nak} = outcome;
  let current: Progress = {...claimed, dead: [...claimed.dead, ...dead.map(one => ({...one, at: terms.now}))]};
  if (doneTo !== null && doneTo > current.position) current = moveTo(current, doneTo);
  if (nak !== null && current.deliveries >= terms.deliveriesMax)
    return {...giveUp(current, {position: nak.position, reason: nak.reason, at: terms.now}), ...FREE};
  return {...current, ...FREE, ...(nak === null ? {} : {reason: nak.reason, holdMs: nak.delayMs})};
}

/** Not claimed any more because the life that had claimed it is over. */
export function release(claimed: Progress): Progress {
  return {...claimed, ...FREE, reason: `${claimed.member} ended before it settled it`};
}

/** The group's next delivery is the first message after `position`. */
export function seekTo(before: Progress, position: number): Progress {
  return {...BEGINNING, position, deliveredTo: position, dead: before.dead};
}

function giveUp(current: Progress, dead: Dead): Progress {
  return {...moveTo(current, dead.position), dead: [...current.dead, dead]};
}

function moveTo(current: Progress, position: number): Progress {
  return {...current, position, deliveries: position < current.deliveredTo ? 1 : 0, reason: null};
}
