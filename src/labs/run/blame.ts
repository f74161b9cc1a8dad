import type {RequestLogEntry} from '../../fabric/fabric.ts';
import {CLIENT} from '../../topology/topology.ts';
import type {AnyLab} from '../lab.ts';
import type {LabSystem, NodeEvent} from '../system.ts';
import {fail, type Judgement} from '../verdict.ts';

/** More than this share of failing answers, and the service is broken rather than unlucky. */
const BROKEN_ABOVE = 0.5;
/** Whoever hangs up within this time (ms) has not waited for a calm system, which answers within tens of them. */
const AT_ONCE_MS = 250;
const LOG_LINES = 6;
const EVIDENCE_LINES_MAX = 8;

/** A service that runs the learner's code does not work although nothing disturbs it. */
export interface Broken {
  readonly service: string;
  readonly node: string | undefined;
  readonly observed: string;
}

/**
 * Finds the service that the learner's code breaks before any fault was injected: its process ended, or it answered more than half of its
 * requests with a server error (or not at all) while the services that it asks answered, or were not waited for. On a busy machine an answer that did not come, or
 * that says that something else did not answer (502, 503, 504), is nobody's fault. Undefined when the code cannot be blamed.
 */
export function brokenByLearner(
  services: readonly {readonly service: string; readonly nodes: readonly string[]}[],
  requests: readonly RequestLogEntry[],
  events: readonly NodeEvent[],
  busy: boolean,
): Broken | undefined {
  const learners = services.flatMap(({nodes}) => nodes);
  // Where a node without code of the learner gave no sign of life either, the machine may have starved both; such nodes are killed.
  const starves = events.some(({type, node}) => type === 'unresponsive' && !learners.includes(node));
  const endings = events.filter(({type}) => (starves ? ENDED_ITSELF : ENDED).has(type));
  for (const {service, nodes} of services) {
    const ended = endings.find(event => nodes.includes(event.node));
    if (ended)
      return {
        service,
        node: ended.node,
        observed: `${ended.node} ended although nothing disturbed it: ${ended.detail}`,
      };
    const asked = requests.filter(request => nodes.includes(request.to));
    const failing = asked.filter(busy ? isFailingByItself : isFailing);
    const itsCalls = requests.filter(request => nodes.includes(request.from) && request.from !== CLIENT);
    const unanswered = itsCalls.filter(call => isFailing(call) && (busy || !isGivenUpAtOnce(call)));
    const upstreamFails = shareOf(unanswered.length, itsCalls.length) > BROKEN_ABOVE;
    if (shareOf(failing.length, asked.length) > BROKEN_ABOVE && !upstreamFails) {
      const [first] = failing;
      const example = first ? ` (${first.method} ${first.path}: ${first.status ?? first.lost ?? 'no answer'})` : '';
      return {
        service,
        node: first?.to,
        observed: `${service} failed ${failing.length} of ${asked.length} requests although nothing disturbed it${example}`,
      };
    }
  }
  return undefined;
}

const ENDED_ITSELF: ReadonlySet<NodeEvent['type']> = new Set(['exit-called', 'seam-error']);
const ENDED: ReadonlySet<NodeEvent['type']> = new Set([...ENDED_ITSELF, 'exited', 'unresponsive']);

/** The services of a lab whose code is the learner's, with their nodes. */
export function replacedServices(
  lab: AnyLab,
  system: LabSystem,
): {readonly service: string; readonly nodes: readonly string[]}[] {
  return Object.keys(lab.seams).map(service => ({service, nodes: system.nodesOf(service)}));
}

/** The judgement of every task when the learner's code broke the service before the attack, with what its log says. */
export async function breaksTheService(system: LabSystem, broken: Broken): Promise<Judgement> {
  const lines = broken.node === undefined ? [] : await system.logTail(broken.node, 200).catch(() => []);
  return fail('BREAKS_THE_SERVICE', broken.observed, 'an undisturbed service answers', telling(lines));
}

/** The lines of a log that tell most: errors first, cut to what fits a screen. */
export function telling(lines: readonly string[]): readonly string[] {
  const errors = lines.filter(line => /"level":(50|60)|error|exception|throw/i.test(line));
  return (errors.length > 0 ? errors.slice(0, LOG_LINES) : lines.slice(-LOG_LINES))
    .slice(0, EVIDENCE_LINES_MAX)
    .map(line => (line.length > 400 ? `${line.slice(0, 399)}…` : line));
}

function isFailing(request: RequestLogEntry): boolean {
  return request.status === null || request.status >= 500;
}

/** The caller did not wait as long as a system at rest may take, ms: that says nothing of who was asked. */
function isGivenUpAtOnce({status, abandonedMs}: RequestLogEntry): boolean {
  return status === null && abandonedMs !== undefined && abandonedMs < AT_ONCE_MS;
}

/** A service answers 500 for what it did not expect, however long that took. */
function isFailingByItself({status}: RequestLogEntry): boolean {
  return status !== null && status >= 500 && !LATE.has(status);
}

/** What services answer when something that they wait for does not come in time. */
const LATE: ReadonlySet<number> = new Set([502, 503, 504]);

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
