import type {CreateDiscovery} from 'teralab/gateway/seams/discovery';

/** The registry is asked once; from then on the nodes that it has named take turns. */
export const createDiscovery: CreateDiscovery = ({registry}) => {
  const found = new Map<string, readonly string[]>();
  let turn = 0;

  async function nodesOf(service: string): Promise<readonly string[]> {
    const known = found.get(service);
    if (known !== undefined) return known;
    const nodes = await registry.nodes(service);
    if (nodes.length > 0) found.set(service, nodes);
    return nodes;
  }

  return {
    async request(service, _request, send) {
      const nodes = await nodesOf(service);
      turn += 1;
      const node = nodes[turn % nodes.length];
      if (node === undefined) throw new Error(`nobody is registered for ${service}`);
      return send(node);
    },
  };
};
