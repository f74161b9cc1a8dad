import type {ToxicAttributes} from '../fabric.ts';
import type {Exchange} from '../http/exchange.ts';
import type {ToxicDefinition} from './toxic.ts';

/**
 * The upstream does its work and its whole answer is read; none of it is passed on, and the client's connection is cut. Drawn
 * for each answer in the order in which answers come on a link.
 */
export const dropReply: ToxicDefinition = {
  kind: 'drop_reply',
  httpOnly: true,
  attributes: {
    probability: {
      type: 'number',
      min: 0,
      max: 1,
      default: 1,
      unit: 'share',
      meaning: 'share of answers that are dropped',
    },
    match: {type: 'match', meaning: 'which requests: method, and path (exact, or a prefix that ends in *)'},
  },
  attach(host, toxic) {
    const matches = matcher(toxic.attributes.match);
    const random = toxic.sharedRandom(`${host.proxy}/replies`);
    const probability = Number(toxic.attributes.probability);
    return host.filterReplies(exchange => {
      if (!matches(exchange) || random.next() >= probability) return false;
      toxic.acted();
      return true;
    });
  },
};

function matcher(match: ToxicAttributes[string] | undefined): (exchange: Pick<Exchange, 'method' | 'path'>) => boolean {
  if (typeof match !== 'object') return () => true;
  const method = match.method?.toUpperCase();
  const {path} = match;
  return exchange =>
    (method === undefined || method === exchange.method) && (path === undefined || pathMatches(path, exchange.path));
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
