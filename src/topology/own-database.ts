import type {Topology} from './topology.ts';

/** The database node that is a service's own: the one of its name, or the first that it is linked to. */
export function ownDatabase({services, links}: Topology, service: string): string | undefined {
  const linked = databasesOf({services, links}, service);
  return linked.find(name => name === `${service}-db`) ?? linked[0];
}

/** Databases of others that a service is linked to. */
export function othersDatabases(topology: Topology, service: string): readonly string[] {
  const own = ownDatabase(topology, service);
  return databasesOf(topology, service).filter(name => name !== own);
}

function databasesOf({services, links}: Topology, service: string): readonly string[] {
  return links.filter(({from, to}) => from === service && services[to]?.kind === 'postgres').map(({to}) => to);
}
