import type {ToxicDefinition} from './toxic.ts';

/** The callee is absent: the listener closes (ECONNREFUSED), and the connections that are there are reset, or closed. */
export const refuse: ToxicDefinition = {
  kind: 'refuse',
  attributes: {
    existing: {
      type: 'choice',
      values: ['reset', 'close'],
      default: 'reset',
      meaning: 'what becomes of connections that are there: RST or FIN',
    },
  },
  closesListener: true,
  attach(host, toxic) {
    toxic.acted();
    if (toxic.attributes.existing === 'close') host.cut();
    else host.reset();
    return () => {};
  },
};
