import {LabError} from '../errors.ts';
import type {FaultNodeEvent, FaultNodes} from '../faults/nodes.ts';
import type {NodeEvent} from '../labs/system.ts';
import type {Disturber} from '../runtime/disturbance.ts';
import {OUT_OF_MEMORY} from './node-keeper.ts';
import type {System} from './system.ts';

/** The keepers of a system, as the fault engine sees them. */
export function faultNodes(system: System, onEvent: (listener: (event: NodeEvent) => void) => () => void): FaultNodes {
  return {
    abilities: () => system.runtime.describe(),
    state: node => system.keeper(node).state,
    kill: async node => system.keeper(node).crash(),
    start: async node => system.keeper(node).release(),
    restart: async (node, graceMs) => system.keeper(node).restart(graceMs),
    pause: async node => system.keeper(node).pause(),
    resume: async node => system.keeper(node).resume(),
    armCrashPoint: async (node, point, skip) => system.keeper(node).armCrashPoint(point, skip),
    disarm: async node => system.keeper(node).disarmCrashPoints(),
    disturb: async (node, disturbance) => disturber(system, node).set(disturbance),
    calm: async (node, kind) => disturber(system, node).clear(kind),
    measure: async (node, kind) => disturber(system, node).measure(kind),
    watch: listener =>
      onEvent(event => {
        const seen = asFaultNodeEvent(event);
        if (seen !== undefined) listener(seen);
      }),
  };
}

function disturber(system: System, node: string): Disturber {
  const {running} = system.keeper(node);
  if (running === undefined) throw new LabError('NODE_GONE', `${node} is not running.`);
  if (running.disturber === undefined)
    throw new LabError('NOT_POSSIBLE_HERE', `The ${system.runtime.name} runtime can do nothing more to ${node}.`);
  return running.disturber;
}

function asFaultNodeEvent({node, type, detail, at}: NodeEvent): FaultNodeEvent | undefined {
  if (type === 'crash-point') return {node, type, point: detail, at};
  if (type === 'exited' && detail === OUT_OF_MEMORY) return {node, type, outOfMemory: true, at};
  return type === 'ready' || type === 'exited' ? {node, type, at} : undefined;
}
