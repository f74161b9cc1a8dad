import type {CreateDiscovery, SendError} from 'teralab/gateway/seams/discovery';

const INSTANCES = [1, 2, 3, 4, 5, 6];
/** A healthy read takes some ms. */
const ATTEMPT_WITHIN_MS = 400;
const FAILURES_MAX = 2;
const RESTS_MS = 3_000;

/** Instances are numbered, so that nobody needs to look them up; who does not answer is left alone for a while. */
export const createDiscovery: CreateDiscovery = ({clock}) => {
  const failures = new Map<string, number>();
  const restsUntil = new Map<string, number>();
  let turn = 0;

  const fails = (node: string): boolean => (failures.get(node) ?? 0) >= FAILURES_MAX;
  const rests = (node: string): boolean => fails(node) && (restsUntil.get(node) ?? 0) > clock.monotonic();

  function inOrder(service: string, safeToRepeat: boolean): readonly string[] {
    const nodes = INSTANCES.map(number => `${service}-${number}`);
    turn += 1;
    const turned = nodes.map((_, index) => nodes[(index + turn) % nodes.length] as string);
    // Whether it is back is found out by a request that can be sent again.
    const last = safeToRepeat ? rests : fails;
    return [...turned.filter(node => !last(node)), ...turned.filter(last)];
  }

  return {
    async request(service, {safeToRepeat}, send) {
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
