import {setMaxListeners} from 'node:events';
import type {Activity} from './experiment.ts';
import {runActivity} from './run-activity.ts';
import {verifyHypothesis} from './run-hypothesis.ts';
import {prepareLoads} from './run-lab-activity.ts';
import type {Run} from './run-state.ts';
import {methodMs} from './timeline.ts';

const PROGRESS_EVERY_MS = 1000;
const LISTENERS_MAX = 10_000;

/**
 * Runs the method: what has an `at` begins then, what is in the background does not hold up the next, all others follow each other. It is
 * over when all of them are, and every fault and load that was begun has had its time. An action that fails ends it at once.
 */
export async function runMethod(run: Run, signal: AbortSignal): Promise<void> {
  const {clock} = run.ports;
  const {experiment} = run;
  await prepareLoads(run, signal);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  // As many wait for it as there are activities under way. Node takes 0, no bound, and cannot read it back: requests fail then.
  setMaxListeners(LISTENERS_MAX, both);
  const startedAt = clock.now();
  run.methodStartedAt = startedAt;
  const reporting = new AbortController();
  const reports = reportProgress(run, startedAt, AbortSignal.any([both, reporting.signal]));
  const watching = new AbortController();
  const watched = verifyDuring(run, AbortSignal.any([both, watching.signal]));
  const beside: Promise<void>[] = [];
  const one = async (activity: Activity): Promise<void> => {
    if (both.aborted) return;
    if (activity.type === 'action') await run.write({type: 'doing', at: clock.now(), activity: activity.name});
    const ran = await runActivity(run, activity, both);
    await run.write({type: 'activity', part: 'run', run: ran});
    if (activity.type === 'action' && ran.status === 'failed') stop.abort();
  };
  try {
    for (const activity of experiment.method.filter(({atMs}) => atMs !== undefined))
      beside.push(clock.sleep(startedAt + (activity.atMs ?? 0) - clock.now(), both).then(async () => one(activity)));
    for (const activity of experiment.method.filter(({atMs}) => atMs === undefined)) {
      if (activity.background) beside.push(one(activity));
      else await one(activity);
      if (both.aborted) break;
    }
    await Promise.all(beside);
    await windowsPass(run, both);
  } finally {
    stop.abort();
    reporting.abort();
    watching.abort();
    await Promise.allSettled([...beside, reports, watched]);
  }
}

/** Waits until all faults and loads that were begun have had their time. */
async function windowsPass(run: Run, signal: AbortSignal): Promise<void> {
  const {clock} = run.ports;
  for (;;) {
    const leftMs = Math.max(0, ...run.windows.values()) - clock.now();
    if (leftMs <= 0 || signal.aborted) return;
    await clock.sleep(leftMs, signal);
  }
}

async function verifyDuring(run: Run, signal: AbortSignal): Promise<void> {
  const {hypothesisStrategy, hypothesisEveryMs} = run.experiment;
  if (hypothesisStrategy !== 'during-method-only' && hypothesisStrategy !== 'continuously') return;
  for (;;) {
    await run.ports.clock.sleep(hypothesisEveryMs, signal);
    if (signal.aborted) return;
    await verifyHypothesis(run, 'during', signal);
  }
}

/** Says what is in force and how long the method still takes. */
async function reportProgress(run: Run, startedAt: number, signal: AbortSignal): Promise<void> {
  const {clock, progress} = run.ports;
  const wholeMs = methodMs(run.experiment);
  while (!signal.aborted) {
    const passedMs = clock.now() - startedAt;
    const leftMs = Math.max(0, wholeMs - passedMs);
    const inForce = [...run.injected.values()]
      .filter(({record}) => (run.windows.get(record.id) ?? 0) > clock.now())
      .map(({record}) => `${record.kind} on ${record.target}`);
    progress({
      text: inForce.length === 0 ? 'the method' : inForce.join(', '),
      leftMs,
      share: wholeMs === 0 ? 1 : Math.min(1, passedMs / wholeMs),
    });
    await clock.sleep(PROGRESS_EVERY_MS, signal);
  }
}
