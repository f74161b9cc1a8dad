import type {ToxicAttributes} from '../fabric.ts';
import type {Exchange} from '../http/exchange.ts';
import type {AttributeSchema} from './toxic.ts';

/** Which requests a toxic of HTTP links is about. */
export const MATCH: AttributeSchema = {
  type: 'match',
  meaning: 'which requests: method, and path (exact, or a prefix that ends in *)',
};

/** How many requests a toxic of HTTP links is about. */
export const TIMES: AttributeSchema = {
  type: 'number',
  min: 0,
  max: 1_000_000_000,
  default: 0,
  integer: true,
  meaning: 'how many at most on each link, the first ones; 0: all',
};

export function matcher(
  match: ToxicAttributes[string] | undefined,
): (exchange: Pick<Exchange, 'method' | 'path'>) => boolean {
  if (typeof match !== 'object') return () => true;
  const method = match.method?.toUpperCase();
  const {path} = match;
  return exchange =>
    (method === undefined || method === exchange.method) && (path === undefined || pathMatches(path, exchange.path));
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
