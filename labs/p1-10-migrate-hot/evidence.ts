import type {Evidence} from '../../src/labs/lab.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {DOWN_AT_MS} from './script.ts';
import {type Accounts, isSettledRead, type WrongRead, wrongReads} from './traffic.ts';
import type {Look, Watch} from './watch.ts';

export type Setup = Accounts & {
  readonly watch: Watch;
  /** Columns, triggers and functions as version 1 has them. */
  readonly schema: readonly string[];
};

export type Final = {
  /** What is left in the schema that was not there before. */
  readonly leftovers: readonly string[];
};

export type Run = Evidence<Setup, Final>;

export function requests({attack}: Run): readonly LedgerEntry[] {
  return attack.filter(({name}) => name !== 'up' && name !== 'down');
}

/** From the intended start, ms; who got no answer waited for as long as it would. */
export function waitOf({status, latencyMs, operation}: LedgerEntry): number {
  return status === null ? Math.max(latencyMs, operation.patienceMs) : latencyMs;
}

/** Undefined where nothing was asked. */
export function longestWait(evidence: Run): number | undefined {
  const waits = requests(evidence).map(waitOf);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

/** Looks at the table between the moment from which the change was done and the one when it was taken back. */
export function looksWhenDone(evidence: Run): readonly Look[] {
  const {hot, watch} = evidence.setup;
  const before = watch.looks.filter(({at}) => at < downAt(evidence));
  const equal = before.findIndex(({differing}) => differing === 0);
  // Where the version before writes past the new column, rows that are set all the time differ for ever: every row is filled then all the same.
  const from =
    equal >= 0 ? equal : before.findIndex(({differing, empty}) => empty === 0 && (differing ?? 0) <= hot.length);
  return from < 0 ? [] : before.slice(from);
}

/** When the operator asked for the change to be taken back; as long as the answer is out, when it is to be asked for. */
export function downAt({attack, times}: Run): number {
  const planned = Math.min(times.attackTo, times.attackFrom + DOWN_AT_MS);
  return attack.find(({name}) => name === 'down')?.intendedAt ?? planned;
}

/** Undefined as long as the column may yet be filled. */
export function largestBatch(evidence: Run): number | undefined {
  const {looks, isOn} = evidence.setup.watch;
  const [filled] = looksWhenDone(evidence);
  if (filled === undefined && isOn) return undefined;
  return (filled ?? looks.findLast(({hasColumn}) => hasColumn))?.largestBatch ?? undefined;
}

/** Reads that gave something else than was written; while more is to come, those alone that nothing can explain any more. */
export function wrongReadsOf({attack, setup: {watch}, times}: Run): readonly WrongRead[] {
  return wrongReads(attack).filter(({entry}) => !watch.isOn || isSettledRead(entry, times.attackTo));
}

/** Whether the change may yet come to be done by then, unix ms: no look at the table was later. */
export function mayBeDoneBy(until: number, {setup: {watch}}: Run): boolean {
  return watch.isOn && !watch.looks.some(({at}) => at > until);
}

export function told({times}: Run, entry: LedgerEntry): string {
  const {method, path} = entry.operation.request;
  const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
  return `op ${entry.id} at +${at} s: ${method} ${path}: ${entry.status ?? entry.sends.at(-1)?.error ?? 'no answer'} after ${Math.round(entry.latencyMs)} ms`;
}

export function reportsTold({setup: {watch}, times}: Run): string {
  const at = (time: number): string => `+${((time - times.attackFrom) / 1000).toFixed(1)} s`;
  const spans = watch.reports.map(
    ({startedAt, endedAt}) => `from ${at(startedAt)} to ${endedAt === null ? 'where it was ended' : at(endedAt)}`,
  );
  return `the SELECTs ran ${spans.join(' and ')}`;
}

export function filling({setup: {watch}, times}: Run): readonly string[] {
  return watch.looks
    .filter(({hasColumn}) => hasColumn)
    .slice(0, 4)
    .map(({at, differing}) => `+${((at - times.attackFrom) / 1000).toFixed(1)} s: ${differing} rows to fill`);
}
