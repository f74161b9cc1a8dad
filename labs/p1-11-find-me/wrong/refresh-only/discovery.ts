import type {CreateDiscovery} from 'teralab/gateway/seams/discovery';

const READ_EVERY_MS = 500;

/** The registry is read twice a second, and its last good word counts. */
export const createDiscovery: CreateDiscovery = ({registry, clock}) => {
  const found = new Map<string, readonly string[]>();
  const stopping = new AbortController();
  let turn = 0;

  async function read(service: string): Promise<void> {
    const nodes = await registry.nodes(service).catch(() => []);
    if (nodes.length > 0) found.set(service, nodes);
  }

  async function readForEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      await Promise.all([...found.keys()].map(read));
      await clock.sleep(READ_EVERY_MS, stopping.signal).catch(() => undefined);
    }
  }

  return {
    start: () => void readForEver(),
    stop: async () => stopping.abort(),
    async request(service, _request, send) {
      if (!found.has(service)) await read(service);
      const nodes = found.get(service) ?? [];
      turn += 1;
      const node = nodes[turn % nodes.length];
      if (node === undefined) throw new Error(`nobody is registered for ${service}`);
      return send(node);
    },
  };
};
