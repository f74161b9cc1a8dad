import {LabError} from '../../errors.ts';
import type {LatencySummary} from '../../load/load.ts';
import type {RunContext} from './context.ts';
import type {ControlStream} from './control.ts';
import {labsFault} from './prepare.ts';

const ASK_EVERY_MS = 200;

export interface Healed {
  readonly healedAt: number;
  /** When the system was seen to have recovered; null when it had not within the lab's bound. */
  readonly recoveredAt: number | null;
  readonly control: LatencySummary;
}

/** Ends all faults and waits until the system has recovered, or the lab's bound has passed. */
export async function heal(context: RunContext, setup: unknown, control: ControlStream): Promise<Healed> {
  const {lab, system} = context;
  context.emit({
    type: 'phase',
    phase: 'heal',
    text: 'all faults end; the system recovers',
    expectedMs: lab.recovery.withinMs,
  });
  const stream = await context.settled(control.during('heal'));
  await context.settled(system.clearAll());
  const healedAt = Date.now();
  const recoveredAt = await recovery(context, setup, healedAt + lab.recovery.withinMs);
  return {healedAt, recoveredAt, control: await context.settled(stream.stop())};
}

async function recovery(context: RunContext, setup: unknown, until: number): Promise<number | null> {
  const {lab, system} = context;
  try {
    await context.settled(system.ready(Math.max(0, until - Date.now())));
  } catch (error) {
    if (error instanceof LabError && error.code === 'NODE_NOT_READY') return null;
    throw error;
  }
  const tools = context.tools('recovery');
  let asked = false;
  let failure: unknown;
  do {
    try {
      if (lab.recovery.recovered === undefined) return Date.now();
      const recovered = await context.settled(lab.recovery.recovered(tools, setup));
      asked = true;
      if (recovered) return Date.now();
    } catch (error) {
      if (context.signal.aborted) throw error;
      // What is still on its way up may refuse an answer; only a question that never works is the lab's fault.
      failure = error;
    }
    await context.sleep(ASK_EVERY_MS);
  } while (Date.now() < until);
  if (!asked && failure !== undefined && !(failure instanceof LabError))
    throw labsFault(lab, 'its question whether the system has recovered', failure);
  return null;
}
