import type {LabTools} from '../../src/labs/lab.ts';
import {operationsAt} from '../../src/labs/operations.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';

/** Old clients that only read what was there before; each retries as an ordinary client does. */
export function reads(
  tools: LabTools,
  seeded: ReadonlyMap<string, string>,
  name: string,
  ratePerSecond: number,
  durationMs: number,
) {
  const ids = [...seeded.keys()];
  return operationsAt(name, constantArrivals({ratePerSecond, durationMs}), () => ({
    patienceMs: 5_000,
    retry: {sendsMax: 5, backoffMs: 150, timeoutMs: 3_000},
    request: {
      method: 'GET',
      path: `/v1/profiles/${tools.random.pick(ids)}`,
      headers: {'x-client-id': `reads-${tools.random.hex(8)}`},
    },
  }));
}
