import type {CheckEvent} from '../controller/protocol.ts';
import {toErrorData} from '../errors.ts';
import {isQuestionLeft} from '../labs/predict/item.ts';
import type {PredictionMoment} from '../labs/predict/question.ts';
import type {Work} from './perform.ts';
import {refresh} from './perform-labs.ts';
import {isRunning} from './select.ts';

/** Brings the system up with its progress in the frame, then follows its status until the screen is gone. */
export async function bringUp({session, store, now, closing}: Work): Promise<void> {
  store.dispatch({type: 'system-starting', now: now()});
  try {
    const status = await session.bringUp(event => store.dispatch({type: 'system-progress', event}));
    store.dispatch({type: 'system', status});
    await session.watch(event => store.dispatch({type: 'system', status: event.status}), closing);
  } catch (error) {
    if (!closing.aborted) store.dispatch({type: 'system-failed', error: toErrorData(error)});
  }
}

export async function runCheck(context: Work, lab: string): Promise<void> {
  const {session, store, now} = context;
  let left = false;
  await run(context, 'check', lab, async (onEvent, signal) => {
    const result = await session.check(lab, onEvent, signal);
    store.dispatch({type: 'checked', result, now: now()});
    left = isQuestionLeft(result);
  });
  await refresh(context, lab);
  // Everything else is passed: the one question of the pass comes now, and its own run after it.
  if (left && store.state().lab === lab) await isAsked(context, lab, 'check');
}

export async function runAttack(context: Work, lab: string): Promise<void> {
  const {session, store, now} = context;
  if (isRunning(store.state()) || (await isAsked(context, lab, 'break'))) return;
  await run(context, 'break', lab, async (onEvent, signal) => {
    store.dispatch({type: 'broken', result: await session.break(lab, onEvent, signal), now: now()});
  });
}

/** Puts the prediction that is due, unless it is sealed already. True: the question is on the screen, and the run waits for it. */
async function isAsked({session, store}: Work, lab: string, moment: PredictionMoment): Promise<boolean> {
  if (store.state().text?.predicts !== true) return false;
  const asked = await session.askPrediction(lab, moment);
  if (asked === null || asked.sealed !== null) return false;
  store.dispatch({type: 'asked', asked});
  return true;
}

export async function stopRun({scope, store}: Work): Promise<void> {
  if (!isRunning(store.state())) return;
  store.dispatch({type: 'run-stopping'});
  scope.run?.abort();
}

/** One run at a time; one that was stopped by the learner is no error. */
async function run(
  {store, scope, now}: Work,
  kind: 'check' | 'break',
  lab: string,
  start: (onEvent: (event: CheckEvent) => void, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (isRunning(store.state())) return;
  const stop = new AbortController();
  scope.run = stop;
  store.dispatch({type: 'run-started', kind, lab, now: now()});
  try {
    await start(event => store.dispatch({type: 'run-event', event, now: now()}), stop.signal);
  } catch (error) {
    store.dispatch(stop.signal.aborted ? {type: 'run-stopped'} : {type: 'run-failed', error: toErrorData(error)});
  } finally {
    if (scope.run === stop) scope.run = undefined;
  }
}
