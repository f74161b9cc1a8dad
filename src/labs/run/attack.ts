import type {LatencySummary, LedgerEntry} from '../../load/load.ts';
import type {CrashPointSeries, LoadSpec, TimedAct, TimedFault} from '../lab.ts';
import {inLab} from './baseline.ts';
import type {RunContext} from './context.ts';
import type {ControlStream} from './control.ts';
import type {DecisiveLook} from './decisive.ts';
import {drive, lengthMs, shortened, slowed} from './drive.ts';
import {startTimetable, type Timetable} from './timetable.ts';
import {tooLittleWork} from './work.ts';

/** How long a quick look goes on after its first fault has ended, ms. */
const QUICK_AFTER_MS = 1_000;

export interface Attack {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly LedgerEntry[];
  readonly control: LatencySummary;
  /** Why there was too little work to judge by. */
  readonly tooLittle: string | undefined;
  /** What of the faults did not happen as planned. */
  readonly faultProblems: readonly string[];
}

/** What ends an attack before its time. */
interface Decisive {
  readonly looks: DecisiveLook;
  readonly stops: boolean;
}

/** Drives the lab's load while its faults come and go on their timetable; what is decisive ends it, unless it is only looked at. */
export async function runAttack(
  context: RunContext,
  setup: unknown,
  control: ControlStream,
  decisive?: Decisive,
): Promise<Attack> {
  const {lab, mode} = context;
  const full = slowed(
    inLab(context, () => lab.load(context.tools('load'), setup)),
    context.slowdown,
  );
  const planned = inLab(context, () => lab.faults(context.tools('faults'), setup), 'its faults');
  const {spec, faults} = mode === 'quick' ? quick(full, planned) : {spec: full, faults: planned};
  context.emit({type: 'phase', phase: 'attack', text: 'the load, and the faults', expectedMs: lengthMs(spec)});
  const stream = await context.settled(control.during('attack'));
  let timetable: Timetable | undefined;
  let attackFrom = Date.now();
  try {
    const driven = await drive(context, {
      phase: 'attack',
      spec,
      onStart: from => {
        attackFrom = from;
        timetable = startTimetable(context, faults, from);
      },
      onLook: async () => {
        decisive?.looks.look({from: attackFrom, planned: spec.operations, control: stream.now});
        await timetable?.look();
      },
      ...enoughWork(spec, () => timetable?.isOver() ?? false, decisive),
    });
    await context.settled(decisive?.looks.idle() ?? Promise.resolve());
    const faultProblems = (await context.settled(timetable?.end(isDecided(decisive)) ?? Promise.resolve([]))) ?? [];
    const calm = await context.settled(stream.stop());
    const {entries, from, to} = driven;
    return {from, to, entries, control: calm, tooLittle: tooLittleWork(spec, entries), faultProblems};
  } finally {
    // Settles at once when the run is interrupted; clean-up then waits for it.
    if (timetable) await context.settled(timetable.end()).catch(() => {});
  }
}

/** Enough work alone does not end an attack: every fault is to have its whole window. What has been decided does. */
function enoughWork(
  {stopAfterOk}: LoadSpec,
  faultsAreOver: () => boolean,
  decisive: Decisive | undefined,
): {readonly enough?: (ok: number) => boolean} {
  if (stopAfterOk === undefined) return decisive?.stops === true ? {enough: () => isDecided(decisive)} : {};
  return {enough: ok => isDecided(decisive) || (ok >= stopAfterOk && faultsAreOver())};
}

function isDecided(decisive: Decisive | undefined): boolean {
  return decisive?.stops === true && decisive.looks.found.length > 0;
}

/** Half of the load, or as much as shows the first fault whole; a quarter of each series. */
function quick(
  spec: LoadSpec,
  planned: readonly (TimedFault | CrashPointSeries | TimedAct)[],
): {readonly spec: LoadSpec; readonly faults: readonly (TimedFault | CrashPointSeries | TimedAct)[]} {
  const faults = planned.map(fault =>
    fault.kind === 'crash-points' ? {...fault, times: Math.ceil(fault.times / 4)} : fault,
  );
  const ends = faults.flatMap(fault => ('forMs' in fault ? [fault.atMs + fault.forMs] : []));
  const untilMs = Math.max(lengthMs(spec) / 2, Math.min(...ends, Number.MAX_SAFE_INTEGER) + QUICK_AFTER_MS);
  const share = ends.length > 0 ? untilMs : lengthMs(spec) / 2;
  return {
    spec: shortened({operations: spec.operations}, share),
    faults: faults.filter(fault => fault.kind === 'crash-points' || fault.atMs < share),
  };
}
