import type {CheckEvent} from '../controller/protocol.ts';
import {toErrorData} from '../errors.ts';
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
  await run(context, 'check', lab, async (onEvent, signal) => {
    const result = await session.check(lab, onEvent, signal);
    store.dispatch({type: 'checked', result, now: now()});
  });
  await refresh(context, lab);
}

export async function runAttack(context: Work, lab: string): Promise<void> {
  const {session, store, now} = context;
  await run(context, 'break', lab, async (onEvent, signal) => {
    store.dispatch({type: 'broken', result: await session.break(lab, onEvent, signal), now: now()});
  });
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
