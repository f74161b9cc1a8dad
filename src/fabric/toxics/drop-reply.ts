import {MATCH, matcher} from './match.ts';
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
    match: MATCH,
  },
  attach(host, toxic) {
    const matches = matcher(toxic.attributes.match);
    const random = toxic.sharedRandom(`${host.proxy}/replies`);
    const probability = Number(toxic.attributes.probability);
    return host.filterReplies(exchange => {
      if (!matches(exchange) || random.next() >= probability) return undefined;
      toxic.acted();
      return 'drop';
    });
  },
};
