import type {RequestLogEntry} from '../../src/fabric/fabric.ts';
import type {Evidence as AnyEvidence} from '../../src/labs/lab.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {
  CHANGES_AT_MS,
  DEATH_AT_MS,
  EMPTY_AT_MS,
  EMPTY_FOR_MS,
  END_MS,
  LATE_NODE,
  type Parts,
  SILENCE_AT_MS,
  SILENCE_FOR_MS,
} from './script.ts';

export type Setup = Parts & {readonly token: string};
export type Final = {
  /** How many rows there are of a name. */
  readonly rows: Readonly<Record<string, number>>;
};
export type Evidence = AnyEvidence<Setup, Final>;

/** Unix ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A registry whose list changes is read again by then, and its list has been taken over, in ms. */
export const NEWS_WITHIN_MS = 2_500;

/** When the machine of the dead one died, as the fault's record tells it. */
export function death({faults, setup, times}: Evidence): Window {
  const fault = faults.find(({target}) => target === `gateway->${setup.dead}`);
  return {from: fault?.appliedAt ?? times.attackFrom + DEATH_AT_MS, to: fault?.endedAt ?? times.attackFrom + END_MS};
}

export function silence({faults, times}: Evidence): Window {
  const fault = faults.find(({target}) => target === 'gateway->broker');
  const from = fault?.appliedAt ?? times.attackFrom + SILENCE_AT_MS;
  return {from, to: fault?.endedAt ?? from + SILENCE_FOR_MS};
}

/** From the moment that the registry is empty until everybody has registered again. */
export function emptiness({times}: Evidence): Window {
  const from = times.attackFrom + EMPTY_AT_MS;
  return {from, to: from + EMPTY_FOR_MS + 1_000};
}

/** From the moment that an operator took one out and an old list brought the dead one back. */
export function changes(evidence: Evidence): Window {
  return {from: evidence.times.attackFrom + CHANGES_AT_MS, to: death(evidence).to};
}

/**
 * When the late one had been ready for long enough to be found, and until the registry is emptied: whom an emptied one still names is luck. Without length
 * where it could not be found before the registry fell silent.
 */
export function afterJoining(evidence: Evidence): Window {
  const ready = evidence.events.findLast(({node, type}) => node === LATE_NODE && type === 'ready')?.at;
  const known = (ready ?? Number.POSITIVE_INFINITY) + NEWS_WITHIN_MS;
  const {from: to} = emptiness(evidence);
  return {from: known < silence(evidence).from ? known : to, to};
}

/** Requests that were sent in a window, but for writes whose answer the lab has dropped: nobody could have saved those. */
export function sentIn(evidence: Evidence, {from, to}: Window): readonly LedgerEntry[] {
  const dropped = droppedTraces(evidence);
  return evidence.attack.filter(({sends: [send], operation}) => {
    if (send === undefined || send.at < from || send.at >= to) return false;
    return !dropped.has(String(operation.facts?.trace));
  });
}

/**
 * Those that were not answered in time, or by nobody of identity: an answer that was made up is none. What has yet to be sent, and counts as
 * answered well meanwhile, has gone to nobody.
 */
export function failedOf({requests}: Evidence, entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const answers = requests.filter(({link, status}) => link === 'gateway->identity' && status !== null);
  const answered = new Set(answers.map(traceOf));
  return entries.filter(({outcome, sends: [send], operation}) => {
    if (outcome !== 'ok') return true;
    return send?.to !== '' && !answered.has(String(operation.facts?.trace));
  });
}

function droppedTraces({requests}: Evidence): ReadonlySet<string> {
  const lost = requests.filter(request => request.lost === 'drop_reply');
  return new Set(lost.flatMap(request => traceOf(request) ?? []));
}

/** What the gateway sent to identity for its callers; its own questions for keys are not among it. */
export function toIdentity({requests}: Evidence, {from, to}: Window, node?: string): readonly RequestLogEntry[] {
  return requests.filter(
    request =>
      request.link === 'gateway->identity' &&
      request.at >= from &&
      request.at < to &&
      !request.path.startsWith('/.well-known/') &&
      (node === undefined || request.to === node),
  );
}

export function askedOnly({requests}: Evidence, {operation}: LedgerEntry, node: string): boolean {
  const asked = requests.filter(
    request => request.link === 'gateway->identity' && traceOf(request) === operation.facts?.trace,
  );
  return asked.length > 0 && asked.every(({to}) => to === node);
}

export function traceOf({traceparent}: RequestLogEntry): string | undefined {
  return traceparent?.split('-')[1];
}

/** `read op attack-read-17 at +3.10 s: 504 after 2501 ms, asked identity-2 (no answer)`. */
export function stories(evidence: Evidence, entries: readonly LedgerEntry[]): string[] {
  return entries.slice(0, 4).map(({id, name, status, sends: [send], latencyMs, operation}) => {
    const asked = evidence.requests
      .filter(request => request.link === 'gateway->identity' && traceOf(request) === operation.facts?.trace)
      .map(request => `${request.to} (${request.status ?? 'no answer'})`);
    const answer = `${status ?? send?.error ?? 'no answer'} after ${Math.round(latencyMs)} ms`;
    const whom = asked.length === 0 ? 'nobody was asked' : `asked ${asked.join(', then ')}`;
    return `${name} op ${id} at ${after(evidence, send?.at ?? 0)}: ${answer}, ${whom}`;
  });
}

export function after({times}: Evidence, at: number): string {
  return `+${((at - times.attackFrom) / 1_000).toFixed(2)} s`;
}
