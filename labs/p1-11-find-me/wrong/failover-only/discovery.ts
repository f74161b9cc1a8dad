import type {CreateDiscovery, SendError} from 'teralab/gateway/seams/discovery';

const READ_EVERY_MS = 500;
/** A healthy read takes some ms. */
const ATTEMPT_WITHIN_MS = 400;

/** The registry is read beside the requests, and its last good word counts; where one does not answer the next is asked. */
export const createDiscovery: CreateDiscovery = ({registry, clock}) => {
  const found = new Map<string, readonly string[]>();
  const stopping = new AbortController();
  let turn = 0;

  async function read(service: string): Promise<void> {
    const nodes = await registry.nodes(service).catch(() => []);
    // That it cannot be asked, or knows nobody, is no news.
    if (nodes.length > 0) found.set(service, nodes);
  }

  async function readForEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      await Promise.all([...found.keys()].map(read));
      await clock.sleep(READ_EVERY_MS, stopping.signal).catch(() => undefined);
    }
  }

  function inOrder(service: string): readonly string[] {
    const nodes = found.get(service) ?? [];
    turn += 1;
    return nodes.map((_, index) => nodes[(index + turn) % nodes.length] as string);
  }

  return {
    start: () => void readForEver(),
    stop: async () => stopping.abort(),
    async request(service, {safeToRepeat}, send) {
      if (!found.has(service)) await read(service);
      let failure: unknown = new Error(`nobody is registered for ${service}`);
      for (const node of inOrder(service)) {
        const bound = new AbortController();
        const timer = safeToRepeat ? setTimeout(() => bound.abort(), ATTEMPT_WITHIN_MS) : undefined;
        try {
          return await send(node, bound.signal);
        } catch (error) {
          failure = error;
          const {unsent} = error as SendError;
          // What may have been done already is not for us to do again.
          if (!unsent && !safeToRepeat) throw error;
        } finally {
          clearTimeout(timer);
        }
      }
      throw failure;
    },
  };
};
