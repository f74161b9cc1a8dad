import type {ModuleName} from './modules.ts';

/** What instances of a service are: a teraApi service, a Postgres server, or the broker, which runs on one of the engines. */
export type ServiceKind = 'service' | 'postgres' | 'broker';

/** What a broker runs on: a Postgres of its own, or NATS JetStream. */
export const BROKER_ENGINES = ['postgres', 'nats'] as const;
export type BrokerEngine = (typeof BROKER_ENGINES)[number];

/** How the controller watches over the nodes of a service. */
export interface Supervision {
  /** Time between two liveness probes, in ms. */
  readonly probeEveryMs: number;
  /** A probe without an answer after this time, in ms, has failed. */
  readonly probeTimeoutMs: number;
  /** This many failed probes in a row restart the node. */
  readonly failureThreshold: number;
  /** Wait before the first restart in ms; doubled for each further one up to `restartBackoffMaxMs`, reset once a node was ready for ten seconds. */
  readonly restartBackoffMs: number;
  readonly restartBackoffMaxMs: number;
}

export interface ServiceSpec {
  readonly kind: ServiceKind;
  readonly replicas: number;
  /** Of a service that runs these modules of teraApi; absent: it is the service of its name. */
  readonly modules?: readonly ModuleName[];
  readonly supervision: Supervision;
}

/** One directed dependency between services, as declared: `{from: 'gateway', to: 'identity'}` is the link `gateway->identity`. */
export interface LinkSpec {
  readonly from: string;
  readonly to: string;
  /** Of a broker's links: its engine. A plan may choose another engine, and then has its links so. */
  readonly protocol: 'http' | BrokerEngine;
}

/** The declared services and links of a system. `client` is not a service: it stands for whoever calls the gateway from outside. */
export interface Topology {
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly links: readonly LinkSpec[];
  /** Services speak to each other through sidecars, over mutual TLS. */
  readonly mesh?: true;
}

export const CLIENT = 'client';

export function linkName(link: {readonly from: string; readonly to: string}): string {
  return `${link.from}->${link.to}`;
}
