import type {LabTools} from '../../src/labs/lab.ts';
import type {Operation} from '../../src/load/load.ts';

export const RATE_PER_SECOND = 20;

export function registrations(tools: LabTools, phase: string, count: number): Operation[] {
  return Array.from({length: count}, (_, index) => {
    const name = `${phase} ${index} ${tools.random.hex(8)}`;
    return {
      id: `${phase}-${index}`,
      name: 'register',
      atMs: (index * 1000) / RATE_PER_SECOND,
      request: {
        method: 'POST',
        path: '/v1/accounts',
        headers: {'content-type': 'application/json'},
        body: JSON.stringify({name, password: tools.random.hex(12)}),
      },
      patienceMs: 5_000,
      facts: {account: name},
    };
  });
}
