import type {Agent} from '../agent/agent.ts';
import type {AgentTelemetry} from '../agent/telemetry.ts';
import {LabError} from '../errors.ts';
import type {TraceTree} from '../observe/trace-tree.ts';

/** Where the telemetry of a system is kept. Errors: NO_TELEMETRY where it is not. */
export function telemetryOf({telemetry}: Pick<Agent, 'telemetry'>): AgentTelemetry {
  if (telemetry !== undefined) return telemetry;
  throw new LabError(
    'NO_TELEMETRY',
    'Traces and metrics are kept on the process runtime only: services in containers reach no receiver of the lab.',
  );
}

/** The one trace that was meant. Errors: UNKNOWN_TRACE. */
export function oneTrace([first, second]: readonly TraceTree[], id: string): TraceTree {
  if (first === undefined)
    throw new LabError('UNKNOWN_TRACE', `There is no trace "${id}": it was not recorded, or is too old to be kept.`);
  if (second !== undefined)
    throw new LabError('UNKNOWN_TRACE', `More than one trace begins with "${id}"; tell more of it.`);
  return first;
}
