import type {CheckEvent} from '../controller/protocol.ts';
import type {FaultRecord} from '../faults/fault.ts';
import {type CheckResult, passCount} from '../labs/verdict.ts';
import type {ScreenEvent} from './event.ts';
import type {Run, ScreenState, TrailLine} from './state.ts';
import {clockTime} from './views/figures.ts';

export type RunEvent = Extract<ScreenEvent, {type: `run-${string}` | 'checked' | 'broken'}>;

/** What a check or an attack does to the screen, from its start to its verdict. */
export function reduceRun(state: ScreenState, event: RunEvent): ScreenState {
  const next = follow(state, event);
  return next.run?.state === state.run?.state ? next : withoutCheck(next);
}

/** The last status was taken while this screen's own run was under way, which must not pass for another terminal's. */
function withoutCheck(state: ScreenState): ScreenState {
  const {status} = state.system;
  if (status === null || status.check === null) return state;
  return {...state, system: {...state.system, status: {...status, check: null}}};
}

function follow(state: ScreenState, event: RunEvent): ScreenState {
  if (event.type === 'run-started') return started(state, event);
  const {run} = state;
  if (run === null) return state;
  switch (event.type) {
    case 'run-event':
      return {...state, now: event.now, run: heard(run, event.event, event.now)};
    case 'run-stopping':
      return {...state, ask: null, run: {...run, state: 'stopping'}};
    case 'run-stopped':
      return {
        ...state,
        run: {...run, state: 'stopped'},
        notice: {
          kind: 'info',
          text: run.kind === 'break' ? 'The attack was stopped.' : 'The check was stopped; it has no verdict.',
        },
      };
    case 'run-failed':
      return {...state, run: {...run, state: 'failed'}, notice: {kind: 'error', error: event.error}, ask: null};
    case 'checked':
      return checked(state, run, event.result, event.now);
    case 'broken': {
      const trail = [
        ...run.trail,
        ...event.result.summary.map((text): TrailLine => ({at: event.now, kind: 'summary', text})),
      ];
      return {...state, now: event.now, run: {...run, trail, state: 'done'}, ask: null};
    }
  }
}

function started(state: ScreenState, {kind, lab, now}: Extract<RunEvent, {type: 'run-started'}>): ScreenState {
  const run: Run = {
    kind,
    lab,
    startedAt: now,
    phase: null,
    text: '',
    phaseStartedAt: now,
    expectedMs: undefined,
    live: null,
    trail: [],
    tasks: [],
    state: 'running',
  };
  const savedAt = kind === 'check' ? null : state.savedAt;
  return {
    ...state,
    now,
    run,
    page: {kind: 'trail'},
    focus: 'main',
    shown: 'main',
    scroll: {...state.scroll, main: Number.MAX_SAFE_INTEGER},
    task: -1,
    notice: null,
    savedAt,
  };
}

function heard(run: Run, event: CheckEvent, at: number): Run {
  const note = (kind: TrailLine['kind'], text: string): TrailLine[] =>
    [...run.trail, {at, kind, text}].slice(-TRAIL_LINES_MAX);
  switch (event.type) {
    case 'phase':
      return {
        ...run,
        phase: event.phase,
        text: event.text,
        phaseStartedAt: at,
        expectedMs: event.expectedMs,
        live: null,
        trail: note('phase', `${event.phase}: ${event.text}`),
      };
    case 'live':
      return {...run, live: event};
    case 'fault':
      return {...run, trail: note('fault', faultStory(event.fault))};
    case 'note':
      return {...run, trail: note('note', event.text)};
    case 'task':
      return {...run, tasks: [...run.tasks.filter(({id}) => id !== event.task.id), event.task]};
  }
}

function faultStory({kind, target, state, effect, healed}: FaultRecord): string {
  const word = {planned: 'coming', active: 'in force', ended: 'ended', failed: 'could not be applied'}[state];
  const seen = state === 'ended' ? healed : effect;
  return `${kind} ${target}: ${word}${seen === undefined ? '' : ` (${seen.observed})`}`;
}

function checked(state: ScreenState, run: Run, result: CheckResult, now: number): ScreenState {
  const line = `${clockTime(now)} ${result.lab} ${result.verdict} (${passCount(result)} items pass, seed ${result.seed})`;
  const watched = state.page.kind === 'trail' && state.lab === run.lab;
  return {
    ...state,
    now,
    run: {...run, tasks: result.tasks, state: 'done'},
    results: {...state.results, [result.lab]: result},
    finished: [...state.finished, line],
    ask: null,
    ...(watched ? {page: {kind: 'result'} as const, scroll: {...state.scroll, main: 0}} : {}),
    notice: watched
      ? null
      : {
          kind: result.verdict === 'pass' ? 'good' : 'info',
          text: `${result.lab}: ${result.verdict} - press v for the verdict`,
        },
  };
}

const TRAIL_LINES_MAX = 500;
