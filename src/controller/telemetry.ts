import type {Agent} from '../agent/agent.ts';
import {LabError} from '../errors.ts';
import type {TraceTree} from '../observe/trace-tree.ts';
import type {UpOptions} from './protocol.ts';

/** The one trace that was meant. Errors: UNKNOWN_TRACE. */
export function oneTrace([first, second]: readonly TraceTree[], id: string): TraceTree {
  if (first === undefined)
    throw new LabError('UNKNOWN_TRACE', `There is no trace "${id}": it was not recorded, or is too old to be kept.`);
  if (second !== undefined)
    throw new LabError('UNKNOWN_TRACE', `More than one trace begins with "${id}"; tell more of it.`);
  return first;
}

/** Sends telemetry on to the collector that was asked for. Without one, what was asked for before stays. */
export async function forwardTelemetry(agent: Agent, {otlp}: UpOptions): Promise<void> {
  if (otlp !== undefined) await agent.telemetry.forwardTo({endpoint: otlp});
}
