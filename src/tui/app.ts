import {toErrorData} from '../errors.ts';
import type {Action, ViewAction, WorkAction} from './action.ts';
import type {ScreenEvent} from './event.ts';
import {actionFor} from './keys.ts';
import {type Work, work} from './perform.ts';
import {openLab} from './perform-labs.ts';
import {reduce} from './reducer.ts';
import type {ScreenSession} from './session.ts';
import {initialState, type ScreenState} from './state.ts';
import {createStore, type Store} from './store.ts';

export interface Leaving {
  readonly exit: number;
  /** False: the learner asked to stop the system. Whoever showed the screen does that. */
  readonly keepSystem: boolean;
}

export interface AppOptions {
  readonly session: ScreenSession;
  readonly workspace: string;
  readonly lab?: string | undefined;
  readonly size: ScreenState['size'];
  readonly now?: () => number;
  /** Edits a file while the screen is away; returns a sentence where there is nothing to edit with. */
  readonly edit: (file: string) => Promise<string | undefined>;
}

/** The screen without its looks: a store, what keys do to it, and the work behind them. */
export interface App {
  readonly store: Store<ScreenState, ScreenEvent>;
  /** Settles when the learner leaves. */
  readonly left: Promise<Leaving>;
  press(key: string): void;
  resize(size: ScreenState['size']): void;
  leave(leaving: Leaving): void;
  /** Ends whatever still runs for this screen. */
  stop(): void;
}

export function createApp(options: AppOptions): App {
  const now = options.now ?? Date.now;
  const store = createStore(
    reduce,
    initialState({workspace: options.workspace, now: now(), size: options.size, lab: options.lab}),
  );
  let settle: (leaving: Leaving) => void = () => undefined;
  const left = new Promise<Leaving>(resolve => {
    settle = resolve;
  });
  const closing = new AbortController();
  const context: Work = {
    session: options.session,
    store,
    now,
    seed: () => Math.floor(Math.random() * 2 ** 31),
    closing: closing.signal,
    edit: options.edit,
    leave: leaving => settle(leaving),
    injected: new Set(),
    scope: {run: undefined, logs: undefined, files: undefined, leaving: false},
  };
  const act = (action: Action): void => {
    if (isView(action)) store.dispatch({type: 'view', action});
    else
      void work(context, action).catch(error =>
        store.dispatch({type: 'notice', notice: {kind: 'error', error: toErrorData(error)}}),
      );
  };
  const ticking = setInterval(() => store.dispatch({type: 'tick', now: now()}), TICK_MS);
  void loadPath(context, options.lab);
  act({do: 'bring-up'});
  return {
    store,
    left,
    press: key => {
      const action = actionFor(store.state(), key);
      if (action === undefined) return;
      if (store.state().ask !== null && action.do !== 'dismiss')
        store.dispatch({type: 'view', action: {do: 'dismiss'}});
      act(action);
    },
    resize: size => store.dispatch({type: 'resize', size}),
    leave: leaving => act({do: 'leave', ...leaving}),
    stop: () => {
      clearInterval(ticking);
      closing.abort();
      context.scope.run?.abort();
      context.scope.logs?.abort();
      context.scope.files?.();
      options.session.close();
    },
  };
}

/** The path is there at once, whatever the system does; the lab asked for is opened with it, or the next one. */
async function loadPath(context: Work, lab: string | undefined): Promise<void> {
  const tell = (error: unknown) =>
    context.store.dispatch({type: 'notice', notice: {kind: 'error', error: toErrorData(error)}});
  try {
    const path = await context.session.path();
    context.store.dispatch({type: 'path', path});
    const open = async (id: string | null) => (id === null ? undefined : openLab(context, id, true));
    await open(lab ?? path.next).catch(async error => {
      if (lab !== undefined) await open(path.next);
      tell(error);
    });
  } catch (error) {
    tell(error);
  }
}

function isView(action: Action): action is ViewAction {
  return VIEW_ACTIONS.has(action.do);
}

const VIEW_ACTIONS: ReadonlySet<Action['do'] | WorkAction['do']> = new Set<ViewAction['do']>([
  'tab',
  'move',
  'show',
  'show-task',
  'choose-target',
  'back',
  'zoom',
  'find',
  'find-text',
  'find-done',
  'ask',
  'dismiss',
  'predict-key',
]);
const TICK_MS = 1000;
