import type {ToxicAttributes} from '../fabric/fabric.ts';
import {createRandom, type Random} from '../random.ts';
import {CLIENT, linkName, type Topology} from '../topology/topology.ts';
import {CRASH_POINTS, FAULT_CATALOGUE} from './catalogue.ts';
import type {FaultKind} from './fault.ts';

/** A fault and when it begins, counted from the beginning of the timetable. */
export interface TimedFault {
  readonly atMs: number;
  readonly kind: FaultKind;
  /** Names of services and links as they are declared: which nodes these are is drawn from the seed when it is injected. */
  readonly target: string;
  readonly attributes: ToxicAttributes;
  readonly forMs: number;
  readonly seed: number;
}

export interface TimetableOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly topology: Topology;
  readonly runtime: 'process' | 'docker' | 'swarm';
  /** From the beginning of one fault to that of the next, on average, ms. Faults last about as long, so that often two are in force. */
  readonly everyMs?: number;
}

/** The end of the timetable is free of faults: so long at least do the last ones have to end, ms. */
const LONGEST_MS = 6_000;

/**
 * Draws faults of all kinds that the runtime can do: each once, in a drawn order, then each again. The same options give the same timetable on
 * every machine; what a fault meets when it comes is not drawn.
 */
export function drawTimetable({seed, durationMs, topology, runtime, everyMs = 2_500}: TimetableOptions): TimedFault[] {
  const random = createRandom(seed, 'timetable');
  const kinds = FAULT_CATALOGUE.filter(({runtimes}) => runtimes === undefined || runtimes.includes(runtime));
  const faults: TimedFault[] = [];
  let bag: FaultKind[] = [];
  for (let atMs = random.integer(500, 1_500); atMs < durationMs - LONGEST_MS; ) {
    if (bag.length === 0) bag = random.shuffle(kinds.map(({kind}) => kind));
    const kind = bag.pop() as FaultKind;
    const drawn = draw(kind, topology, random);
    faults.push({atMs, kind, forMs: random.integer(1_000, LONGEST_MS), seed: random.integer(1, 2 ** 31 - 1), ...drawn});
    atMs += random.integer(0.4 * everyMs, 1.6 * everyMs);
  }
  return faults;
}

type Drawn = Pick<TimedFault, 'target' | 'attributes'>;

/** A target and attributes of about the size that is met in practice. */
function draw(kind: FaultKind, topology: Topology, random: Random): Drawn {
  const between = (min: number, max: number): number => random.integer(min, max);
  const share = (min: number, max: number): number => between(min * 100, max * 100) / 100;
  const link = (attributes: ToxicAttributes = {}): Drawn => ({
    target: linkName(random.pick(topology.links)),
    attributes,
  });
  const http = (attributes: ToxicAttributes): Drawn => ({
    target: linkName(random.pick(topology.links.filter(({protocol}) => protocol === 'http'))),
    attributes,
  });
  const node = (attributes: ToxicAttributes = {}): Drawn => ({
    target: random.pick(Object.keys(topology.services)),
    attributes,
  });
  const services = Object.entries(topology.services).filter(([, {kind: what}]) => what === 'service');
  const service = (attributes: ToxicAttributes): Drawn => ({target: random.pick(services)[0], attributes});
  const mode = (): ToxicAttributes => ({mode: random.pick(['blackhole', 'reset', 'refuse'])});
  switch (kind) {
    case 'latency':
      return link({latency: between(20, 800), jitter: between(0, 200)});
    case 'reset':
      return link({timeout: between(0, 500), toxicity: share(0.1, 1)});
    case 'drop-reply':
      return http({probability: share(0.1, 0.6)});
    case 'reply-status':
      // No status that would be a considered no: nobody said it.
      return http({
        status: random.pick([429, 500, 502, 503, 504]),
        when: random.pick(['before', 'after']),
        probability: share(0.1, 0.6),
      });
    case 'bandwidth':
      return link({rate: between(2, 64)});
    case 'timeout':
      return link({timeout: between(100, 3_000)});
    case 'cutoff':
      return link({after: between(50, 1_500)});
    case 'slow-open':
    case 'slow-close':
      return link({delay: between(100, 2_500)});
    case 'slice':
      return link({'average-size': between(16, 256), delay: between(100, 4_000)});
    case 'limit':
      return link({bytes: between(500, 30_000)});
    case 'partition': {
      const {from, to} = random.pick(topology.links.filter(one => one.from !== CLIENT));
      return {target: `${from}|${to}`, attributes: mode()};
    }
    case 'isolate':
      return node(mode());
    case 'bridge':
    case 'majorities-ring':
      return {target: services.map(([name]) => name).join(), attributes: mode()};
    case 'restart':
      return node({grace: between(100, 5_000)});
    case 'crash-point':
      return service({
        point: CRASH_POINTS.join(),
        times: between(1, 3),
        'skip-max': between(0, 20),
        'since-ready': between(0, 500),
      });
    case 'skew':
      return service({offset: between(-30_000, 30_000), drift: share(-0.2, 0.5)});
    case 'busy':
      return service({share: share(0.3, 0.9), period: between(100, 2_000)});
    case 'leak':
      return service({rate: between(5_000_000, 20_000_000), limit: 60_000_000});
    case 'redeliver':
      return service({share: share(0.1, 0.6)});
    case 'reorder':
      return service({window: between(2, 32)});
    case 'crash':
    case 'pause':
      return node();
    default:
      return link();
  }
}
