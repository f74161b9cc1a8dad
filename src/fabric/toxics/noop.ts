import type {ToxicDefinition} from './toxic.ts';

/** Does nothing. It shows which connections a toxic of this stream and toxicity would be put on. */
export const noop: ToxicDefinition = {kind: 'noop', attributes: {}, attach: () => () => {}};
