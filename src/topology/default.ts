import type {ServiceSpec, Supervision, Topology} from './topology.ts';

/** A node that answers nothing for about six seconds is restarted: longer than a garbage collection, shorter than patience. */
const SUPERVISION: Supervision = {
  probeEveryMs: 1_000,
  probeTimeoutMs: 2_000,
  failureThreshold: 3,
  restartBackoffMs: 100,
  restartBackoffMaxMs: 5_000,
};

/** teraApi: three services, a Postgres for each of the two that keep data, and one broker. */
export function defaultTopology(): Topology {
  return {
    services: {
      gateway: spec('service'),
      identity: spec('service'),
      stream: spec('service'),
      'identity-db': spec('postgres'),
      'stream-db': spec('postgres'),
      broker: spec('broker'),
    },
    links: [
      {from: 'client', to: 'gateway', protocol: 'http'},
      {from: 'gateway', to: 'identity', protocol: 'http'},
      {from: 'gateway', to: 'stream', protocol: 'http'},
      {from: 'gateway', to: 'broker', protocol: 'postgres'},
      {from: 'stream', to: 'identity', protocol: 'http'},
      {from: 'identity', to: 'stream', protocol: 'http'},
      {from: 'identity', to: 'identity-db', protocol: 'postgres'},
      {from: 'identity', to: 'broker', protocol: 'postgres'},
      {from: 'stream', to: 'stream-db', protocol: 'postgres'},
      {from: 'stream', to: 'broker', protocol: 'postgres'},
    ],
  };
}

/** A service as it is when nothing else is said of it. */
export function spec(kind: ServiceSpec['kind'], replicas = 1, supervision: Partial<Supervision> = {}): ServiceSpec {
  return {kind, replicas, supervision: {...SUPERVISION, ...supervision}};
}
