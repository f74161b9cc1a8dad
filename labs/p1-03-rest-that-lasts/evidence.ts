import type {Evidence} from '../../src/labs/lab.ts';
import type {LedgerEntry, Send} from '../../src/load/load.ts';

export type Final = {
  /** Rows by the name that the operation drew; twins share theirs. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
};

export type Run = Evidence<undefined, Final>;

/** Operations that each want one account: of every kind but those that must be refused. */
export function writes({attack}: Run): readonly LedgerEntry[] {
  return attack.filter(entry => ['once', 'pair', 'repeated', 'twin', 'stranger'].includes(entry.name));
}

export function expectedRows(entry: LedgerEntry): number {
  return entry.name === 'twin' ? 2 : 1;
}

export function rowsOf({final}: Run, entry: LedgerEntry): readonly string[] {
  return final.rows[nameOf(entry)] ?? [];
}

export function nameOf(entry: LedgerEntry): string {
  return String(entry.operation.facts?.name ?? '');
}

/** Whether the same client had been acknowledged another request with this key before. */
export function wasUsedBefore({attack}: Run, entry: LedgerEntry): boolean {
  const key = keyOf(entry);
  const at = entry.sends[0]?.at ?? 0;
  return attack.some(
    other =>
      other !== entry &&
      keyOf(other) === key &&
      other.sends.some(send => send.status === 201 && send.at + send.durationMs < at),
  );
}

/** Whether a repetition was refused after a 201, when nothing else of the operation was under way any more. */
export function isRefusedAfterwards({sends}: LedgerEntry): boolean {
  const endOf = ({at, durationMs}: Send): number => at + durationMs;
  return sends.some(
    send =>
      (send.status === 409 || send.status === 422) &&
      sends.some(other => other.status === 201 && endOf(other) < send.at) &&
      sends.every(
        other => other === send || other.at >= endOf(send) || (endOf(other) < send.at && isWorkedOff(other.status)),
      ),
  );
}

/** Whoever gave up waiting may have left work behind; an answer that got lost was there. */
function isWorkedOff(status: number | null): boolean {
  return status !== null && status !== 503 && status !== 504;
}

function keyOf({operation}: LedgerEntry): string {
  const {headers} = operation.request;
  return JSON.stringify([headers?.['x-client-id'], headers?.['idempotency-key']]);
}

/** The first three, each as the story of one operation. */
export function stories(evidence: Run, entries: readonly LedgerEntry[]): readonly string[] {
  return entries.slice(0, 3).map(entry => story(evidence, entry));
}

/** `op op-317 (pair): sent 3 times, rows 2, at +0 (201), +210 (ECONNRESET), +431 ms (201)`. */
function story(evidence: Run, entry: LedgerEntry): string {
  const times = entry.sends.map(
    send => `+${Math.round(send.at - entry.intendedAt)} ms (${send.status ?? send.error ?? 'no answer'})`,
  );
  return `op ${entry.id} (${entry.name}): sent ${entry.sends.length} ${entry.sends.length === 1 ? 'time' : 'times'}, rows ${rowsOf(evidence, entry).length}, at ${times.join(', ')}`;
}
