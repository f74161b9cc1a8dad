import {readVersioned, writeVersioned} from '../files.ts';

const VERSION = 1;
/** A machine that was slow yesterday may be idle today, ms. */
const FORGET_AFTER_MS = 24 * 3600 * 1000;
const SLOWDOWN_MAX = 8;

interface LabPace {
  readonly slowdown: number;
  /** Runs in a row with which the machine did not keep up. */
  readonly failures: number;
  /** Unix ms. */
  readonly at: number;
}

interface Paces {
  readonly labs?: Readonly<Record<string, LabPace>>;
}

/** How many times later a lab's operations start on this machine: 1, 2, 4 or 8. */
export async function slowdownOf(file: string, lab: string, now: number): Promise<number> {
  return (await paceOf(file, lab, now)).slowdown;
}

/**
 * Remembers whether the machine kept up with a lab's load: the healthy system met the baseline, and a busy machine was not why there was
 * too little work to judge. Two misses in a row halve the rates from the next try on.
 */
export async function rememberRun(file: string, lab: string, keptUp: boolean, now: number): Promise<void> {
  const before = await paceOf(file, lab, now);
  const after = next(before, keptUp, now);
  if (keptUp && before.failures === 0 && before.slowdown === 1) return;
  const all = (await readVersioned<Paces>(file, VERSION))?.labs ?? {};
  await writeVersioned(file, VERSION, {labs: {...all, [lab]: after}});
}

function next({slowdown, failures}: LabPace, keptUp: boolean, now: number): LabPace {
  if (keptUp) return {slowdown, failures: 0, at: now};
  if (failures + 1 < 2) return {slowdown, failures: failures + 1, at: now};
  return {slowdown: Math.min(slowdown * 2, SLOWDOWN_MAX), failures: 0, at: now};
}

async function paceOf(file: string, lab: string, now: number): Promise<LabPace> {
  const found = (await readVersioned<Paces>(file, VERSION))?.labs?.[lab];
  return found && now - found.at < FORGET_AFTER_MS ? found : {slowdown: 1, failures: 0, at: now};
}
