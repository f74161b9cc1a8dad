import type {Action, WorkAction} from './action.ts';
import type {Leaving} from './app.ts';
import type {ScreenEvent} from './event.ts';
import {clearFault, healOwnFaults, injectFault, tailLog} from './perform-faults.ts';
import {edit, openLab, read, resetLab, step} from './perform-labs.ts';
import {predict} from './perform-predict.ts';
import {bringUp, runAttack, runCheck, stopRun} from './perform-runs.ts';
import {enterAction} from './select.ts';
import type {ScreenSession} from './session.ts';
import type {ScreenState} from './state.ts';
import type {Store} from './store.ts';

/** What the work behind the keys works with. */
export interface Work {
  readonly session: ScreenSession;
  readonly store: Store<ScreenState, ScreenEvent>;
  readonly now: () => number;
  readonly seed: () => number;
  /** Aborts when the screen is gone. */
  readonly closing: AbortSignal;
  readonly edit: (file: string) => Promise<string | undefined>;
  readonly leave: (leaving: Leaving) => void;
  /** Faults that were injected from this screen. */
  readonly injected: Set<string>;
  /** What is under way, to be ended when something else takes its place. */
  readonly scope: {
    run: AbortController | undefined;
    logs: AbortController | undefined;
    files: (() => void) | undefined;
    leaving: boolean;
  };
}

/** Does what reaches out of the screen. What it rejects with is shown in the frame. */
export async function work(context: Work, action: WorkAction): Promise<void> {
  const {store} = context;
  const {lab} = store.state();
  switch (action.do) {
    case 'enter':
      return enter(context);
    case 'open-lab':
      return openLab(context, action.lab, action.quietly ?? false);
    case 'step':
      return step(context, action.by);
    case 'bring-up':
      return bringUp(context);
    case 'stop-run':
      return stopRun(context);
    case 'inject':
      return injectFault(context, action.request);
    case 'clear':
      return clearFault(context, action.id);
    case 'tail':
      return tailLog(context, action.node);
    case 'edit':
      return edit(context);
    case 'leave':
      return leave(context, action);
  }
  if (lab === null) return;
  switch (action.do) {
    case 'check':
      return runCheck(context, lab);
    case 'break':
      return runAttack(context, lab);
    case 'predict':
      return predict(context, lab, action.answer);
    case 'hint':
      return read(context, context.session.hint(lab));
    case 'debrief':
      return read(context, context.session.debrief(lab));
    case 'solution':
      return read(context, context.session.solution(lab, action.reveal));
    case 'reset':
      return resetLab(context, lab);
  }
}

async function enter(context: Work): Promise<void> {
  const action: Action | null = enterAction(context.store.state());
  if (action === null) return;
  if (action.do === 'show' || action.do === 'show-task' || action.do === 'choose-target')
    context.store.dispatch({type: 'view', action});
  else if (action.do === 'open-lab' || action.do === 'inject' || action.do === 'clear' || action.do === 'tail')
    await work(context, action);
}

/** Ctrl-C ends the screen's own check and faults first; that has a bound, and a second Ctrl-C waits for nothing. */
async function leave(context: Work, {exit, keepSystem}: Leaving): Promise<void> {
  const {scope, injected, store} = context;
  scope.run?.abort();
  if (exit !== 0 && injected.size > 0 && !scope.leaving) {
    scope.leaving = true;
    store.dispatch({
      type: 'notice',
      notice: {kind: 'info', text: 'Ending the faults that were injected here; Ctrl-C again leaves at once.'},
    });
    await healOwnFaults(context);
  }
  context.leave({exit, keepSystem});
}
