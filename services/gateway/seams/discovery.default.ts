import {isDeepStrictEqual} from 'node:util';
import {UnknownServiceError} from '../../kit/links.ts';
import type {CreateDiscovery, DiscoveryTools, SendError} from './discovery.ts';
import {createEjections, type Ejections, type NodeOutcome} from './ejections.ts';
import type {Lane} from './traffic-split.ts';

/** How often the registry is read. What fails meanwhile is found out by asking it. */
const READ_EVERY_MS = 1_000;
/** A caller that gave an instance less time than this has not shown that it fails. */
const FAIR_WAIT_MS = 250;

/** What is known of the instances of one service. */
interface Known {
  nodes: readonly string[];
  readonly ejections: Ejections;
}

/**
 * The registry is read beside the requests, and never waited for: what it said last is good until it says something else, and an empty list is
 * nothing that it says. Nodes that fail are kept away from at once, whatever the registry says of them. To begin with, and where a service is
 * not registered at all, the instances are those that there are links to.
 */
export function createDefaultDiscovery(
  services: readonly string[],
  linked: (service: string) => readonly string[],
): CreateDiscovery {
  return tools => {
    const {balancer, clock, log, registry} = tools;
    const stopping = new AbortController();
    const known = new Map(services.map(service => [service, knowNothing(service)]));

    function knowNothing(service: string): Known {
      const ejections = createEjections(clock, (node, forMs) => log.warn({service, node, forMs}, 'kept away from'));
      return {nodes: linked(service), ejections};
    }

    return {
      async request(service, request, send) {
        const {nodes, ejections} = known.get(service) ?? knowNothing(service);
        const ordered = balancer.order(
          service,
          inLane(nodes, request.lane, node => registry.releaseOf(service, node)),
        );
        let failure: unknown;
        for (const node of ejections.order(ordered, request.safeToRepeat)) {
          const tell = ejections.begin(node);
          const end = balancer.begin(node);
          const began = clock.monotonic();
          try {
            const answer = await send(node);
            tell(answer.status < 500 ? 'ok' : 'failed');
            return answer;
          } catch (error) {
            tell(outcomeOf(error, clock.monotonic() - began));
            failure = error;
            // Where a byte has left, whether to send it again is for the policy of the upstream to say.
            if (!isUnsent(error)) throw error;
          } finally {
            end();
          }
        }
        throw failure ?? new UnknownServiceError(service);
      },
      start() {
        void readForEver(tools, known, linked, stopping.signal);
      },
      async stop() {
        // A read that is under way is not waited for: the registry may be silent.
        stopping.abort();
      },
    };
  };
}

/** Takes over what the registry says of each service, as far as there are links to it. */
async function readForEver(
  {registry, clock, log}: DiscoveryTools,
  known: ReadonlyMap<string, Known>,
  linked: (service: string) => readonly string[],
  signal: AbortSignal,
): Promise<void> {
  let wasAway = false;
  let wasRead = false;
  while (!signal.aborted) {
    try {
      for (const [service, own] of known) {
        const links = new Set(linked(service));
        const nodes = (await registry.nodes(service)).filter(node => links.has(node)).toSorted();
        if (nodes.length === 0 || isDeepStrictEqual(nodes, own.nodes)) continue;
        log.info({service, nodes, before: own.nodes}, 'other instances are registered');
        own.nodes = nodes;
      }
      wasAway = false;
      wasRead = true;
    } catch (error) {
      // To begin with the registry comes up beside it.
      const level = wasRead ? 'warn' : 'info';
      if (!wasAway) log[level]({reason: String(error)}, 'the registry cannot be read: what it said last goes on');
      wasAway = true;
    }
    await clock.sleep(READ_EVERY_MS, signal).catch(() => undefined);
  }
}

/** Those of a lane; all where it has none, for an answer of another release is better than none. */
function inLane(
  nodes: readonly string[],
  lane: Lane | undefined,
  releaseOf: (node: string) => string | undefined,
): readonly string[] {
  if (lane === undefined) return nodes;
  const own = nodes.filter(node => ('only' in lane ? releaseOf(node) === lane.only : releaseOf(node) !== lane.without));
  return own.length === 0 ? nodes : own;
}

function isUnsent(error: unknown): boolean {
  return error instanceof Error && (error as Partial<SendError>).unsent === true;
}

function outcomeOf(error: unknown, waitedMs: number): NodeOutcome {
  if (isUnsent(error)) return 'unsent';
  const gaveUp = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  return gaveUp && waitedMs < FAIR_WAIT_MS ? 'unclear' : 'failed';
}
