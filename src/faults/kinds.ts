import type {Disturbance} from '../runtime/disturbance.ts';
import type {FaultInfo} from './catalogue.ts';
import type {FaultEntry} from './entry.ts';

/** Whether probes tell its effect: a restart is timed, crash points are counted. */
export function isProbed({kind}: Pick<FaultInfo, 'kind'>): boolean {
  return kind !== 'restart' && kind !== 'crash-point';
}

/** Whether it may have the kernel end a node for want of memory. */
export function takesMemory({disturbance}: Pick<FaultEntry, 'disturbance'>): boolean {
  return disturbance?.kind === 'memory' || disturbance?.kind === 'leak';
}

/** Whether the node itself counts what it does, more of it as time goes on. */
export function counts({kind}: Disturbance): boolean {
  return kind === 'redeliver' || kind === 'reorder';
}

/** Whether its effect comes late, and asking the node for it costs next to nothing. */
export function showsInTime({disturbance}: Pick<FaultEntry, 'disturbance'>): boolean {
  return disturbance !== undefined && (counts(disturbance) || disturbance.kind === 'leak');
}
