import type {CreateDiscovery, SendError} from 'teralab/gateway/seams/discovery';

const READ_EVERY_MS = 500;
/** A healthy read takes some ms. */
const ATTEMPT_WITHIN_MS = 400;
const FAILURES_MAX = 2;
const RESTS_MS = 3_000;

/** The registry is read beside the requests, and its last word counts; who does not answer is left alone for a while. */
export const createDiscovery: CreateDiscovery = ({registry, clock}) => {
  const found = new Map<string, readonly string[]>();
  const failures = new Map<string, number>();
  const restsUntil = new Map<string, number>();
  const stopping = new AbortController();
  let turn = 0;

  async function read(service: string): Promise<void> {
    const nodes = await registry.nodes(service).catch(() => found.get(service) ?? []);
    found.set(service, nodes);
  }

  async function readForEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      await Promise.all([...found.keys()].map(read));
      await clock.sleep(READ_EVERY_MS, stopping.signal).catch(() => undefined);
    }
  }

  const fails = (node: string): boolean => (failures.get(node) ?? 0) >= FAILURES_MAX;
  const rests = (node: string): boolean => fails(node) && (restsUntil.get(node) ?? 0) > clock.monotonic();

  function inOrder(service: string, safeToRepeat: boolean): readonly string[] {
    const nodes = found.get(service) ?? [];
    turn += 1;
    const turned = nodes.map((_, index) => nodes[(index + turn) % nodes.length] as string);
    // Whether it is back is found out by a request that can be sent again.
    const last = safeToRepeat ? rests : fails;
    return [...turned.filter(node => !last(node)), ...turned.filter(last)];
  }

  return {
    start: () => void readForEver(),
    stop: async () => stopping.abort(),
    async request(service, {safeToRepeat}, send) {
      if (!found.has(service)) await read(service);
      let failure: unknown = new Error(`nobody is registered for ${service}`);
      for (const node of inOrder(service, safeToRepeat)) {
        // While this one tries it, the others leave it alone.
        restsUntil.set(node, clock.monotonic() + RESTS_MS);
        const bound = new AbortController();
        const timer = safeToRepeat ? setTimeout(() => bound.abort(), ATTEMPT_WITHIN_MS) : undefined;
        try {
          const answer = await send(node, bound.signal);
          failures.delete(node);
          return answer;
        } catch (error) {
          failure = error;
          const {unsent} = error as SendError;
          failures.set(node, unsent ? FAILURES_MAX : (failures.get(node) ?? 0) + 1);
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
