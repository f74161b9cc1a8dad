import type {Fabric, ToxicKind, ToxicState} from '../fabric/fabric.ts';
import type {FaultEntry} from './entry.ts';
import type {FaultEffect} from './fault.ts';

const ACTIONS: Readonly<Record<ToxicKind, string>> = {
  latency: 'chunks delayed',
  bandwidth: 'chunks slowed down',
  timeout: 'chunks lost or connections closed',
  cutoff: 'connections cut',
  slow_close: 'closings delayed',
  slow_open: 'openings delayed',
  slicer: 'chunks sliced',
  limit_data: 'connections closed at the limit',
  reply_status: 'answers given in its place',
  noop: 'actions',
  blackhole: 'chunks and closings held',
  reset_peer: 'resets',
  refuse: 'connections reset or refused',
  drop_reply: 'answers dropped',
};

/** What the fabric says of a fault's toxics. */
export interface Traffic {
  /** Whether all of them are in force. */
  readonly inForce: boolean;
  /** Ids of those that are. */
  readonly ids: readonly string[];
  /** What traffic has felt of it; undefined: nothing so far. */
  readonly effect?: FaultEffect;
}

export async function readTraffic(fabric: Fabric, entry: FaultEntry): Promise<Traffic> {
  return trafficOf(entry, entry.toxics.length === 0 ? [] : await fabric.toxics());
}

/** The same, from what the fabric has said of all toxics. */
export function trafficOf(entry: FaultEntry, all: readonly ToxicState[]): Traffic {
  const wanted = entry.toxics.map(({id}) => id);
  const states = all.filter(({id}) => wanted.includes(id));
  const actions = sum(states, ({touched}) => touched.actions);
  const connections = sum(states, ({touched}) => touched.connections);
  const word = ACTIONS[entry.record.toxic ?? 'latency'];
  const observed = `${actions} ${word} on ${connections} connection${connections === 1 ? '' : 's'}`;
  return {
    inForce: states.length === wanted.length,
    ids: states.map(({id}) => id),
    ...(actions === 0 ? {} : {effect: {verdict: 'bites', observed}}),
  };
}

function sum(states: readonly ToxicState[], value: (state: ToxicState) => number): number {
  return states.reduce((total, state) => total + value(state), 0);
}
