import type {Evidence as AnyEvidence} from '../../src/labs/lab.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {DOWN_AT_MS, DOWN_FOR_MS, FLOOD_ENDS_AT_MS, type Kind} from './traffic.ts';

export type Evidence = AnyEvidence<undefined, null>;

/** Unix ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What was held up by the outage, or granted alone, is over and paid back this long after it, in ms. */
const SETTLED_AFTER_MS = 1_500;
/** A request that was sent this shortly before the outage may have been caught by it, in ms. */
const EDGE_MS = 100;
const TOLD_WITHIN_MS = 1_000;

/** When the store was away, as the fault's record tells it. */
export function outage({faults, times}: Evidence): Window {
  const fault = faults.find(({kind}) => kind === 'blackhole');
  const from = fault?.appliedAt ?? times.attackFrom + DOWN_AT_MS;
  return {from, to: fault?.endedAt ?? from + DOWN_FOR_MS};
}

export function before(evidence: Evidence): Window {
  return {from: evidence.times.attackFrom, to: outage(evidence).from - EDGE_MS};
}

/** From the store's return to the end of the attack: of one that goes on, to where it will end. */
export function afterwards(evidence: Evidence): Window {
  const {attackFrom, attackTo} = evidence.times;
  return {from: outage(evidence).to + SETTLED_AFTER_MS, to: Math.max(attackTo, attackFrom + FLOOD_ENDS_AT_MS)};
}

/** Whether all that belongs to a window has been seen. */
export function isOver({times}: Evidence, {to}: Window): boolean {
  return to <= times.attackTo;
}

/** Requests that were sent within a window, however late a busy machine was with it. */
export function sentIn({attack}: Evidence, kind: Kind, {from, to}: Window): readonly LedgerEntry[] {
  return attack.filter(
    ({name, sends: [send]}) => name === kind && send !== undefined && send.at >= from && send.at < to,
  );
}

/** Those that were decided in it, too: what the gateways did with them they did within the window. */
export function of(evidence: Evidence, kind: Kind, window: Window): readonly LedgerEntry[] {
  const decidedAt = ({sends: [send]}: LedgerEntry): number => (send === undefined ? 0 : send.at + send.durationMs);
  return sentIn(evidence, kind, window).filter(entry => decidedAt(entry) <= window.to);
}

export function isAccepted({outcome}: LedgerEntry): boolean {
  return outcome === 'ok';
}

/** Whether the client was told that it was too much, as it should be. */
export function isTold({status, latencyMs, sends}: LedgerEntry): boolean {
  const send = sends.at(-1);
  return (
    status === 429 &&
    latencyMs <= TOLD_WITHIN_MS &&
    /^application\/problem\+json/.test(send?.contentType ?? '') &&
    send?.retryAfter !== undefined
  );
}

/** How long each waited for an answer, also for a no, in ms; who got none waited for as long as he would. */
export function waits(entries: readonly LedgerEntry[]): readonly number[] {
  return entries.map(({status, latencyMs, operation}) =>
    status === null ? Math.max(latencyMs, operation.patienceMs) : latencyMs,
  );
}

export function secondsOf({from, to}: Window): number {
  return Math.max(0, to - from) / 1_000;
}

/** `steady op 317 at +2.31 s, gateway-2: 429 after 3 ms (Retry-After 1)`. */
export function stories({times}: Evidence, entries: readonly LedgerEntry[]): string[] {
  return entries.slice(0, 4).map(({id, name, intendedAt, status, sends, latencyMs, operation}) => {
    const at = ((intendedAt - times.attackFrom) / 1_000).toFixed(2);
    const send = sends.at(-1);
    const after = send?.retryAfter === undefined ? '' : ` (Retry-After ${send.retryAfter})`;
    return `${name} op ${id} at +${at} s, gateway-${operation.facts?.gateway}: ${status ?? send?.error ?? 'no answer'} after ${Math.round(latencyMs)} ms${after}`;
  });
}
