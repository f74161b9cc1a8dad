import type {LabTools} from '../../src/labs/lab.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';

export const BASELINE_MS = 3_000;
const PATIENCE_MS = 3_000;
const READS_PER_SECOND = 50;
const WRITES_PER_SECOND = 4;

/** Reads of an account, and new accounts of clients who do not send a request twice and have no key for it. Each has a trace of its own. */
export function traffic({random}: LabTools, token: string, phase: string, forMs: number): Operation[] {
  const trace = (): string => random.hex(32);
  const reads = constantArrivals({ratePerSecond: READS_PER_SECOND, durationMs: forMs}).map((atMs, index): Operation => {
    const id = trace();
    return {
      id: `${phase}-read-${index}`,
      name: 'read',
      atMs,
      request: {
        method: 'GET',
        path: '/v1/accounts/me',
        headers: {authorization: `Bearer ${token}`, traceparent: `00-${id}-${random.hex(16)}-01`},
      },
      patienceMs: PATIENCE_MS,
      facts: {trace: id},
    };
  });
  const writes = constantArrivals({ratePerSecond: WRITES_PER_SECOND, durationMs: forMs}).map(
    (atMs, index): Operation => {
      const id = trace();
      const name = `w-${random.hex(12)}`;
      return {
        id: `${phase}-write-${index}`,
        name: 'write',
        atMs: atMs + random.integer(0, 100),
        request: {
          method: 'POST',
          path: '/v1/accounts',
          headers: {
            'content-type': 'application/json',
            'x-client-id': `client-${random.hex(6)}`,
            traceparent: `00-${id}-${random.hex(16)}-01`,
          },
          body: JSON.stringify({name, password: random.hex(16)}),
        },
        patienceMs: PATIENCE_MS,
        facts: {trace: id, account: name},
      };
    },
  );
  return [...reads, ...writes].toSorted((a, b) => a.atMs - b.atMs);
}
