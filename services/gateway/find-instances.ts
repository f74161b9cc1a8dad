import {isUnsent} from '../kit/is-unsent.ts';
import {createRegistry, REGISTRY_SPACE, type Registry} from '../kit/registry.ts';
import type {Kit} from '../kit/service.ts';
import {createBalancer as defaultBalancer} from './seams/balancer.default.ts';
import {createDefaultDiscovery} from './seams/discovery.default.ts';
import type {Discovery, InstanceAnswer, SendError, SendTo} from './seams/discovery.ts';

/** Loads and starts what finds instances of these services. */
export async function findInstances(kit: Kit, services: readonly string[]): Promise<Discovery> {
  const {clock, links, log} = kit;
  const linked = (service: string): readonly string[] => links.instances(service).map(({node}) => node);
  const create = await kit.seam('discovery', 'createDiscovery', createDefaultDiscovery(services, linked));
  const space = await kit.space(REGISTRY_SPACE);
  const registry = space === undefined ? linksAsRegistry(linked) : createRegistry(space, clock);
  const createBalancer = await kit.seam('balancer', 'createBalancer', defaultBalancer);
  const discovery = create({registry, balancer: createBalancer(), clock, log});
  kit.onStart(async () => discovery.start?.());
  kit.onStop(async () => discovery.stop?.());
  return discovery;
}

/** Where there is no broker to have a registry on, all to which there are links are there. */
function linksAsRegistry(linked: (service: string) => readonly string[]): Registry {
  return {nodes: async service => linked(service), releaseOf: () => undefined};
}

/** A sender whose errors say whether anything was sent. */
export function tellingUnsent<A extends InstanceAnswer>(send: SendTo<A>): SendTo<A> {
  return async (node, signal) => {
    try {
      return await send(node, signal);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const told: SendError = Object.assign(error, {unsent: isUnsent(error)});
      throw told;
    }
  };
}
