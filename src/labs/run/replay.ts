import type {LatencySummary, LedgerEntry} from '../../load/load.ts';
import {inLab} from './baseline.ts';
import type {RunContext} from './context.ts';
import type {ControlStream} from './control.ts';
import {drive, lengthMs, slowed} from './drive.ts';
import {tooLittleWork} from './work.ts';

export interface Replay {
  readonly entries: readonly LedgerEntry[];
  readonly control: LatencySummary;
  readonly tooLittle: string | undefined;
}

/** The trigger once more, drawn anew, after the system has recovered; only where the lab asks for it, and only in a full check. */
export async function runReplay(
  context: RunContext,
  setup: unknown,
  control: ControlStream,
): Promise<Replay | undefined> {
  const {lab, mode} = context;
  if (lab.replay === undefined || mode !== 'check') return undefined;
  const again = inLab(context, () => lab.replay?.(context.tools('replay'), setup), 'its replay');
  if (again === undefined) return undefined;
  const spec = slowed(again, context.slowdown);
  context.emit({type: 'phase', phase: 'replay', text: 'the load once more, drawn anew', expectedMs: lengthMs(spec)});
  const stream = await context.settled(control.during('replay'));
  const {entries} = await drive(context, {phase: 'replay', spec});
  return {entries, control: await context.settled(stream.stop()), tooLittle: tooLittleWork(spec, entries)};
}
