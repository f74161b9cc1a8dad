import type {Exchange} from '../http/exchange.ts';
import type {InjectedAnswer} from '../http/injected-answer.ts';
import {MATCH, matcher, TIMES} from './match.ts';
import type {ToxicDefinition} from './toxic.ts';

/**
 * An answer of its own, with `status`, a problem+json body and the header `x-teralab-injected`. `before`: the upstream never sees the request.
 * `after`: it does its work, and its answer, once it has come to its end, is replaced. The connection stays as it would have. Drawn for each
 * matching request in the order in which they come on a link (`before`) or are answered (`after`).
 */
export const replyStatus: ToxicDefinition = {
  kind: 'reply_status',
  httpOnly: true,
  attributes: {
    status: {type: 'number', min: 200, max: 599, default: 503, integer: true, meaning: 'status of the answer'},
    probability: {
      type: 'number',
      min: 0,
      max: 1,
      default: 1,
      unit: 'share',
      meaning: 'share of requests that are answered so',
    },
    when: {
      type: 'choice',
      values: ['before', 'after'],
      default: 'before',
      meaning: 'before the upstream has seen the request, or after it has answered',
    },
    times: TIMES,
    match: MATCH,
  },
  attach(host, toxic) {
    const {attributes} = toxic;
    const matches = matcher(attributes.match);
    const [probability, times] = [Number(attributes.probability), Number(attributes.times)];
    const when = attributes.when === 'after' ? 'after' : 'before';
    const name = `${host.proxy}/${when}`;
    const random = toxic.sharedRandom(name);
    const answer: InjectedAnswer = {status: Number(attributes.status), toxic: toxic.id, when, proxy: host.proxy};
    const filter = (exchange: Exchange): InjectedAnswer | undefined => {
      if (!matches(exchange) || random.next() >= probability || !toxic.countsUpTo(times, name)) return undefined;
      toxic.acted();
      return answer;
    };
    return when === 'before' ? host.filterRequests(filter) : host.filterReplies(filter);
  },
};
