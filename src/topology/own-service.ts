import {defaultTopology, spec} from './default.ts';
import type {Topology} from './topology.ts';

/** teraApi with the learner's own service behind the gateway: a blank one, with a database of its own. */
export function withOwnService(): Topology {
  const {services, links} = defaultTopology();
  return {
    services: {...services, own: spec('service'), 'own-db': spec('postgres')},
    links: [
      ...links,
      {from: 'gateway', to: 'own', protocol: 'http'},
      {from: 'own', to: 'own-db', protocol: 'postgres'},
      {from: 'own', to: 'broker', protocol: 'postgres'},
    ],
  };
}
