import type {Experiment} from './experiment.ts';
import type {Journal, JournalStatus, SteadyState} from './journal.ts';
import {loadPoints} from './load-points.ts';
import type {RunnerPorts} from './ports.ts';
import {playRollbacks} from './rollbacks.ts';
import {verifyHypothesis} from './run-hypothesis.ts';
import {runMethod} from './run-method.ts';
import {Run} from './run-state.ts';
import {doubtsOf, reasonFor} from './verdict.ts';

export interface RunRequest {
  readonly id: string;
  readonly file: string;
  readonly version: string;
  readonly experiment: Experiment;
  readonly seed: number;
}

export interface RunResult {
  readonly journal: Journal;
  /** Why the run proves less than it seems: faults that did nothing or were taken away. A sentence each. */
  readonly doubts: readonly string[];
}

/** A load that was stopped may take its clients' patience to end, and no longer, ms. */
const LOAD_ENDS_WITHIN_MS = 10_000;

/**
 * Runs an experiment: hypothesis, method, all faults healed, rollbacks, hypothesis again. Aborting `signal` ends the method; healing and
 * rollbacks are done all the same. Throws only when the journal cannot be written.
 */
export async function runExperiment(request: RunRequest, ports: RunnerPorts, signal: AbortSignal): Promise<RunResult> {
  const {experiment} = request;
  const run = new Run({...request, ports});
  await run.write({type: 'begin', journal: emptyJournal(request, ports)});
  const {hypothesisStrategy: strategy} = experiment;
  const verifies = (when: 'before' | 'after'): boolean =>
    experiment.hypothesis !== undefined &&
    (strategy === 'default' || strategy === 'continuously' || strategy === `${when}-method-only`);
  const before = verifies('before') ? await verifyHypothesis(run, 'before', signal) : undefined;
  const mayBegin = !signal.aborted && before?.steady_state_met !== false;
  if (mayBegin) await runMethod(run, signal);
  const healing = await healAll(run);
  await finishLoads(run, signal);
  const hasDeviated = (): boolean => deviations(run.state.journal).length > 0;
  if (isRolledBack(run, hasDeviated())) await playRollbacks(run, 0);
  const after =
    mayBegin && !signal.aborted && verifies('after') ? await verifyHypothesis(run, 'after', signal) : undefined;
  if (isRolledBackLate(run, after)) await playRollbacks(run, 0);
  const status = statusOf(run, signal, before, healing);
  const deviated = status !== 'failed' && mayBegin ? hasDeviated() : false;
  const doubts = doubtsOf(run);
  const because = reasonFor({
    journal: run.state.journal,
    status,
    deviated,
    doubts,
    healing,
    wasBegun: run.state.begun,
  });
  await run.write({type: 'end', at: ports.clock.now(), status, deviated, because});
  run.throwUnwritten();
  return {journal: run.state.journal, doubts};
}

/** Ends what is still in force, and notes how every fault of the run stands. Undefined: all is healed; else what went wrong. */
async function healAll(run: Run): Promise<string | undefined> {
  const {system, progress} = run.ports;
  const ids = [...run.injected.keys()];
  if (system === undefined || ids.length === 0) return undefined;
  progress({text: 'healing the faults'});
  try {
    const ended = new Set(
      (await system.faults(ids)).filter(({state}) => state === 'ended' || state === 'failed').map(({id}) => id),
    );
    const open = ids.filter(id => !ended.has(id));
    for (const id of open) run.cleared.add(id);
    await system.clear(ids);
    for (const fault of await system.faults(ids)) await run.write({type: 'fault', fault});
    return undefined;
  } catch (error) {
    return `The faults could not be healed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Notes what the loads saw, second by second. */
async function finishLoads(run: Run, signal: AbortSignal): Promise<void> {
  const {loads, ports} = run;
  if (loads.length === 0) return;
  ports.progress({text: 'waiting for the last answers to the load'});
  const done = Promise.allSettled(loads.map(async load => load.done));
  if (!signal.aborted) await Promise.race([done, ports.clock.sleep(LOAD_ENDS_WITHIN_MS)]);
  const ledgers = await Promise.all(loads.map(async ({ledgerFile}) => ports.ledger(ledgerFile).catch(() => [])));
  await run.write({type: 'load', points: loadPoints(ledgers.flat())});
}

function isRolledBack({experiment: {rollbackStrategy}, state}: Run, deviated: boolean): boolean {
  if (rollbackStrategy === 'never') return false;
  if (rollbackStrategy === 'deviated') return deviated;
  return state.begun || rollbackStrategy === 'always';
}

/** Those for a deviation only, where the last look at the hypothesis was the one to find it. */
function isRolledBackLate({experiment: {rollbackStrategy}, state}: Run, after: SteadyState | undefined): boolean {
  return rollbackStrategy === 'deviated' && after?.steady_state_met === false && state.journal.rollbacks.length === 0;
}

/** What was not as the hypothesis or a tolerance wants it, once the method had begun. */
function deviations({steady_states: {during, after}, run}: Journal): readonly unknown[] {
  const states = [...during, ...(after === null ? [] : [after])].filter(({steady_state_met: met}) => !met);
  return [...states, ...run.filter(({status, tolerance_met}) => status === 'succeeded' && tolerance_met === false)];
}

function statusOf(
  {state: {journal}}: Run,
  signal: AbortSignal,
  before: SteadyState | undefined,
  healing: string | undefined,
): Exclude<JournalStatus, 'running'> {
  if (signal.aborted) return 'aborted';
  const hasFailed = [...journal.run, ...journal.rollbacks].some(({status}) => status === 'failed');
  return before?.steady_state_met === false || hasFailed || healing !== undefined ? 'failed' : 'completed';
}

function emptyJournal({id, file, version, experiment, seed}: RunRequest, {clock, system}: RunnerPorts): Journal {
  return {
    format: 1,
    'teralab-version': version,
    id,
    file,
    experiment: experiment.document,
    seed,
    system: system === undefined ? null : {session: system.session, runtime: system.runtime},
    status: 'running',
    deviated: false,
    start: clock.now(),
    end: null,
    duration: null,
    steady_states: {before: null, during: [], after: null},
    run: [],
    rollbacks: [],
    faults: [],
    load: [],
    because: null,
  };
}
