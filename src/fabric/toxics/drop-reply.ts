import {MATCH, matcher, TIMES} from './match.ts';
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
    times: TIMES,
    match: MATCH,
  },
  attach(host, toxic) {
    const {attributes} = toxic;
    const matches = matcher(attributes.match);
    const name = `${host.proxy}/replies`;
    const random = toxic.sharedRandom(name);
    const [probability, times] = [Number(attributes.probability), Number(attributes.times)];
    return host.filterReplies(exchange => {
      if (!matches(exchange) || random.next() >= probability || !toxic.countsUpTo(times, name)) return undefined;
      toxic.acted();
      return 'drop';
    });
  },
};
