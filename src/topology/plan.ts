import type {ModuleName} from './modules.ts';
import type {BrokerEngine, LinkSpec, ServiceKind, Supervision, Topology} from './topology.ts';

/** One node as it will run. Ports and addresses are the runtime's to choose, so they are not here. */
export interface PlannedNode {
  /** `gateway-1`, `identity-2`; databases and the broker have one instance and no number: `identity-db`, `broker`. */
  readonly name: string;
  readonly service: string;
  readonly kind: ServiceKind;
  /** Of a broker: what it runs on. Absent: Postgres. */
  readonly engine?: BrokerEngine;
  /** Of a service: the modules that it runs. Absent: it is the service of its name. */
  readonly modules?: readonly ModuleName[];
  /** Of a service: its sidecar, through which alone it is reached. */
  readonly sidecar?: string;
  /** Of a sidecar: the service's node beside which it stands. */
  readonly sidecarOf?: string;
  readonly supervision: Supervision;
}

/**
 * One listener of the fabric: a declared link for one pair of nodes. Only with a listener per caller node and callee node
 * can one replica be isolated. Its name is `gateway-1->identity-2`.
 */
export interface PlannedProxy {
  readonly name: string;
  /** The declared link that it belongs to: `gateway->identity`. */
  readonly link: string;
  readonly from: string;
  readonly to: string;
  /** `tcp` between sidecars: what they say to each other, nobody else can read. */
  readonly protocol: LinkSpec['protocol'] | 'tcp';
}

/** A topology turned into nodes and proxies. */
export interface Plan {
  readonly topology: Topology;
  readonly nodes: readonly PlannedNode[];
  readonly proxies: readonly PlannedProxy[];
  /** Names of nodes, dependencies first; the nodes of one level start in parallel. */
  readonly levels: readonly (readonly string[])[];
}
