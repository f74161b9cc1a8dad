import type {ToxicDefinition} from './toxic.ts';

/** The callee is absent: the listener closes (ECONNREFUSED), and the connections that are there are reset. */
export const refuse: ToxicDefinition = {
  kind: 'refuse',
  attributes: {},
  closesListener: true,
  attach(host, toxic) {
    toxic.acted();
    host.reset();
    return () => {};
  },
};
