import {LabError} from '../errors.ts';
import {nearest} from '../nearest.ts';
import type {Plan, PlannedNode, PlannedProxy} from './plan.ts';
import {type BrokerEngine, CLIENT, type LinkSpec, linkName, type ServiceSpec, type Topology} from './topology.ts';

/**
 * Turns a topology into nodes, proxies and levels. `replicas` overrides the declared numbers, by service; `broker` the engine that the
 * links to the broker are declared with. Errors: UNKNOWN_TARGET for a service that is not there, BAD_VALUE for more than one instance of
 * what can have only one.
 */
export function planTopology(
  declared: Topology,
  options: {readonly replicas?: Readonly<Record<string, number>>; readonly broker?: BrokerEngine} = {},
): Plan {
  const replicas = options.replicas ?? {};
  checkReplicas(declared, replicas);
  const topology = options.broker === undefined ? declared : withEngine(declared, options.broker);
  const declaredNodes = Object.entries(topology.services).flatMap(([service, spec]) =>
    nodesOf(service, spec, replicas[service] ?? spec.replicas, engineOf(topology, service)),
  );
  const nodes = topology.mesh === true ? withSidecars(declaredNodes) : declaredNodes;
  return {topology, nodes, proxies: proxiesOf(topology, nodes), levels: levelsOf(nodes)};
}

/** The service that sidecars are instances of. */
export const SIDECAR = 'sidecar';

/** The same services, with brokers on this engine. */
function withEngine(topology: Topology, engine: BrokerEngine): Topology {
  const isBroker = (service: string): boolean => topology.services[service]?.kind === 'broker';
  const links = topology.links.map((link): LinkSpec => (isBroker(link.to) ? {...link, protocol: engine} : link));
  return {...topology, links};
}

function engineOf(topology: Topology, service: string): BrokerEngine {
  return topology.links.some(({to, protocol}) => to === service && protocol === 'nats') ? 'nats' : 'postgres';
}

/** Databases and the broker have no number: there is one of each. */
function nodesOf(
  service: string,
  {kind, modules, supervision}: ServiceSpec,
  replicas: number,
  engine: BrokerEngine,
): readonly PlannedNode[] {
  if (kind === 'broker') return [{name: service, service, kind, engine, supervision}];
  if (kind !== 'service') return [{name: service, service, kind, supervision}];
  return Array.from({length: replicas}, (_, index) => ({
    name: `${service}-${index + 1}`,
    service,
    kind,
    ...(modules === undefined ? {} : {modules}),
    supervision,
  }));
}

/** A mesh: beside each instance of a service stands a sidecar of its own. */
function withSidecars(nodes: readonly PlannedNode[]): readonly PlannedNode[] {
  const services = nodes.filter(({kind}) => kind === 'service');
  return [
    ...nodes.map(node => (node.kind === 'service' ? {...node, sidecar: sidecarName(node.name)} : node)),
    ...services.map(
      ({name, supervision}): PlannedNode => ({
        name: sidecarName(name),
        service: SIDECAR,
        kind: 'service',
        sidecarOf: name,
        supervision,
      }),
    ),
  ];
}

export function sidecarName(node: string): string {
  return `${node}-${SIDECAR}`;
}

function proxiesOf(topology: Topology, nodes: readonly PlannedNode[]): readonly PlannedProxy[] {
  const namesOf = (service: string): readonly string[] =>
    service === CLIENT ? [CLIENT] : nodes.filter(node => node.service === service).map(node => node.name);
  return topology.links.flatMap(link =>
    namesOf(link.from).flatMap(from =>
      namesOf(link.to).map(to => ({
        name: linkName({from, to}),
        link: linkName(link),
        from,
        to,
        protocol: topology.mesh === true && link.protocol === 'http' && link.from !== CLIENT ? 'tcp' : link.protocol,
      })),
    ),
  );
}

/**
 * Two levels at most: what keeps data, then all services at once. Services find each other by trying again, so that links between
 * them, in a ring or not, make nobody wait.
 */
function levelsOf(nodes: readonly PlannedNode[]): Plan['levels'] {
  const names = (isService: boolean): readonly string[] =>
    nodes.filter(node => (node.kind === 'service') === isService).map(node => node.name);
  return [names(false), names(true)].filter(level => level.length > 0);
}

function checkReplicas(topology: Topology, replicas: Readonly<Record<string, number>>): void {
  for (const [service, count] of Object.entries(replicas)) {
    const found = Object.hasOwn(topology.services, service) ? topology.services[service] : undefined;
    if (found === undefined) {
      const names = Object.keys(topology.services);
      const close = nearest(service, names);
      throw new LabError(
        'UNKNOWN_TARGET',
        `There is no service "${service}"${close === undefined ? `: there are ${names.join(', ')}` : `; did you mean ${close}?`}`,
      );
    }
    if (!Number.isInteger(count) || count < 1)
      throw new LabError('BAD_VALUE', `${service} needs one instance or more, not ${count}.`);
    if (found.kind !== 'service' && count !== 1) {
      throw new LabError(
        'BAD_VALUE',
        `${service} is a ${found.kind}, of which there is one; only services have replicas.`,
      );
    }
  }
}
