import type {FaultRecord} from '../../faults/fault.ts';
import type {NodeEvent} from '../system.ts';

export interface Seen {
  /** Reason of the run's own faults, as it stands in their records. */
  readonly reason: string;
  /** Unix ms; faults that had ended before are none of the run's. */
  readonly since: number;
  readonly events: readonly NodeEvent[];
  /** The whole record. */
  readonly faults: readonly FaultRecord[];
  /** Nodes that run code under test. Theirs may end by themselves: that is judged, and no tampering. */
  readonly suspects: readonly string[];
}

/**
 * What somebody did to the run from outside, as the lab itself saw it, one sentence each: woke a node that was paused, ended one that no
 * fault was to end, injected a fault of their own, or tried what no module of a lab needs.
 */
export function tampering({reason, since, events, faults, suspects}: Seen): readonly string[] {
  const foreign = faults.filter(fault => fault.reason !== reason && (fault.endedAt ?? since) >= since);
  return [
    ...events.flatMap(event => tamperedNode(event, suspects.includes(event.node)) ?? []),
    ...foreign.map(({kind, target, reason: why}) => `${kind} on ${target} was injected by somebody else (${why})`),
  ];
}

function tamperedNode({node, type, detail}: NodeEvent, isSuspect: boolean): string | undefined {
  if (type === 'ran-while-paused') return `${node} ran while it was to be paused: ${detail}`;
  if (type === 'tampering') return `the code in ${node} called ${detail}`;
  if (type !== 'exited') return undefined;
  const isForeign = SENT.test(detail) || (!isSuspect && OTHERWISE.test(detail));
  return isForeign ? `${node} ${detail}, and no fault was to end it` : undefined;
}

/** Ends that somebody has ordered; the lab's own orders are told otherwise. 137 and 143 are what containers make of them. */
const SENT = /^(ended by SIG(KILL|TERM|INT|QUIT|HUP|STOP|USR1|USR2|ALRM|PIPE)|exited with code (137|143))$/;
/** Ends that a service comes to by its own code as well, or when it is told to. */
const OTHERWISE = /^(ended by SIG|exited with code 0$)/;
