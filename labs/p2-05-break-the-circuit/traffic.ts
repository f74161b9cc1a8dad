import type {Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';

const PATIENCE_MS = 3_000;
/** Requests per second: what the hung upstream gets would fill the gateway's 64 places in two seconds. */
const RATES = {'read-windows': 30, 'read-account': 20, 'send-activity': 6} as const;
export type Route = keyof typeof RATES;

/** What callers want of both services, with a trace id of its own for each request. */
export function traffic(random: Random, {token}: {readonly token: string}, phase: string, forMs: number): Operation[] {
  const operations = (Object.keys(RATES) as Route[]).flatMap(route =>
    Array.from({length: Math.floor((forMs / 1000) * RATES[route])}, (_, index) =>
      operation(random, route, `${phase}-${route}-${index}`, (index * 1000) / RATES[route], token),
    ),
  );
  return operations.toSorted((a, b) => a.atMs - b.atMs);
}

function operation(random: Random, route: Route, id: string, atMs: number, token: string): Operation {
  const trace = random.hex(32);
  const headers = {authorization: `Bearer ${token}`, traceparent: `00-${trace}-${random.hex(16)}-01`};
  const request =
    route === 'send-activity'
      ? {
          method: 'POST' as const,
          path: '/v1/activity',
          headers: {...headers, 'content-type': 'application/json'},
          body: JSON.stringify({kind: 'page.opened'}),
        }
      : {method: 'GET' as const, path: route === 'read-windows' ? '/v1/windows?size=10s' : '/v1/accounts/me', headers};
  return {id, name: route, atMs, request, patienceMs: PATIENCE_MS, facts: {trace}};
}
