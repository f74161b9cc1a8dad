import type {RequestLogEntry} from '../fabric/fabric.ts';
import type {LedgerEntry} from '../load/load.ts';

/** A ledger entry for tests: answered `latencyMs` after an intended start, in one send. */
export function ledgerEntry(intendedAt: number, change: Partial<LedgerEntry> = {}): LedgerEntry {
  const latencyMs = change.latencyMs ?? 10;
  return {
    id: `register-${intendedAt}`,
    name: 'register',
    phase: 'attack',
    intendedAt,
    outcome: 'ok',
    status: 201,
    latencyMs,
    uncorrectedMs: latencyMs,
    sends: [{at: intendedAt, durationMs: latencyMs, to: 'http://gateway', status: 201}],
    operation: {request: {method: 'POST', path: '/v1/accounts'}, patienceMs: 1_000},
    ...change,
  };
}

/** A request-log entry for tests. */
export function requestEntry(at: number, change: Partial<RequestLogEntry> = {}): RequestLogEntry {
  return {
    proxy: 'gateway-1->identity-1',
    link: 'gateway->identity',
    from: 'gateway-1',
    to: 'identity-1',
    at,
    method: 'POST',
    path: '/v1/accounts',
    status: 201,
    durationMs: 5,
    ...change,
  };
}
