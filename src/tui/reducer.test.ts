import {describe, expect, it} from 'vitest';
import {LabError, toErrorData} from '../errors.ts';
import type {ScreenEvent} from './event.ts';
import {READY_FAULTS} from './ready-faults.ts';
import {visibleLabs} from './select.ts';
import {
  disturbedStatus,
  NOON,
  passedResult,
  samplePath,
  sampleResult,
  sampleStatus,
  sampleText,
} from './testing/samples.ts';
import {play, readyState, startState} from './testing/states.ts';

const view = (action: Extract<ScreenEvent, {type: 'view'}>['action']): ScreenEvent => ({type: 'view', action});
const lab = 'p2-04-no-lost-events';
const checking: ScreenEvent = {type: 'run-started', kind: 'check', lab, now: NOON};

describe('the path', () => {
  it('puts the cursor on the next lab', () => {
    const state = play(startState(), {type: 'path', path: samplePath});
    expect(visibleLabs(state)[state.pathCursor]?.id).toBe(samplePath.next);
  });

  it('keeps the cursor when marks change', () => {
    const state = play(readyState(), view({do: 'move', motion: 'up'}));
    expect(play(state, {type: 'path', path: samplePath}).pathCursor).toBe(state.pathCursor);
  });

  it('is filtered by every word that is looked for, and found again with esc', () => {
    const found = play(readyState(), view({do: 'find'}), view({do: 'find-text', text: 'BREAK first'}));
    expect(visibleLabs(found).map(({id}) => id)).toEqual(['p0-00-first-break']);
    const all = play(found, view({do: 'find-done', keep: false}));
    expect(visibleLabs(all)).toHaveLength(5);
    expect(visibleLabs(all)[all.pathCursor]?.id).toBe('p0-00-first-break');
  });

  it('does not move beyond its ends', () => {
    const top = play(readyState(), ...Array.from({length: 20}, () => view({do: 'move', motion: 'up'})));
    expect(top.pathCursor).toBe(0);
    expect(play(top, view({do: 'move', motion: 'end'})).pathCursor).toBe(4);
  });
});

describe('panes', () => {
  it('come round with tab, and a narrow screen stays on its pane while the checklist has the keys', () => {
    const seen = [1, 2, 3, 4].map(times =>
      play(readyState(), ...Array.from({length: times}, () => view({do: 'tab', back: false}))),
    );
    expect(seen.map(({focus, shown}) => [focus, shown])).toEqual([
      ['main', 'main'],
      ['system', 'system'],
      ['checklist', 'system'],
      ['path', 'path'],
    ]);
  });

  it('scroll no further than their text', () => {
    const end = play(readyState(), view({do: 'tab', back: false}), view({do: 'move', motion: 'end'}));
    expect(end.scroll.main).toBeGreaterThan(0);
    expect(play(end, view({do: 'move', motion: 'page-down'})).scroll.main).toBe(end.scroll.main);
    expect(play(end, view({do: 'move', motion: 'home'})).scroll.main).toBe(0);
  });
});

describe('a check', () => {
  it('shows its phases, figures and verdicts as they come', () => {
    const state = play(
      readyState(),
      checking,
      {
        type: 'run-event',
        now: NOON + 100,
        event: {type: 'phase', phase: 'baseline', text: 'warming up', expectedMs: 4000},
      },
      {
        type: 'run-event',
        now: NOON + 600,
        event: {type: 'live', phase: 'baseline', sent: 10, ok: 9, failed: 1, p50: 2, p99: 9, elapsedMs: 500},
      },
      {type: 'run-event', now: NOON + 700, event: {type: 'note', text: 'identity-1 was killed'}},
    );
    expect(state.page.kind).toBe('trail');
    expect(state.run).toMatchObject({state: 'running', phase: 'baseline', expectedMs: 4000, live: {sent: 10}});
    expect(state.run?.trail.map(({text}) => text)).toEqual(['baseline: warming up', 'identity-1 was killed']);
  });

  it("does not take its own, that has just ended, for another terminal's", () => {
    const busy = {...sampleStatus, check: {lab, phase: 'final'} as const};
    const running = play(readyState({columns: 80, rows: 24}, busy), checking);
    const ended = play(running, {type: 'checked', result: sampleResult, now: NOON + 21_000});
    expect(ended.system.status?.check).toBeNull();
  });

  it('ends on its verdict when the learner watched it', () => {
    const state = play(readyState(), checking, {type: 'checked', result: sampleResult, now: NOON + 21_000});
    expect(state.page.kind).toBe('result');
    expect(state.results[lab]?.verdict).toBe('fail');
    expect(state.finished).toHaveLength(1);
    expect(state.finished[0]).toMatch(/p2-04-no-lost-events fail \(1 of 3 items pass, seed 4711\)$/);
  });

  it('does not take the page away from a learner who reads something else', () => {
    const state = play(readyState(), checking, view({do: 'show', page: 'keys'}), {
      type: 'checked',
      result: passedResult,
      now: NOON,
    });
    expect(state.page.kind).toBe('keys');
    expect(state.notice).toMatchObject({kind: 'good'});
  });

  it('that was stopped has no verdict', () => {
    const state = play(readyState(), checking, {type: 'run-stopping'}, {type: 'run-stopped'});
    expect(state.run?.state).toBe('stopped');
    expect(state.results[lab]).toBeUndefined();
  });

  it('forgets that the file was saved, until it is saved again', () => {
    const state = play(readyState(), {type: 'saved', now: NOON}, checking);
    expect(state.savedAt).toBeNull();
    expect(play(state, {type: 'saved', now: NOON + 1}).savedAt).toBe(NOON + 1);
  });
});

describe('the system', () => {
  it('keeps its progress lines while it starts and its status when it is up', () => {
    const state = play(
      startState(),
      {type: 'system-progress', event: {type: 'progress', text: 'preparing databases', share: 0.2}},
      {type: 'system', status: sampleStatus},
    );
    expect(state.system).toMatchObject({state: 'up', status: sampleStatus, progress: ['preparing databases']});
  });

  it('shows an error with its code and starts afresh', () => {
    const error = toErrorData(new LabError('NODE_NOT_READY', 'identity-1 did not answer.'));
    const failed = play(startState(), {type: 'system-failed', error});
    expect(failed.system).toMatchObject({state: 'failed', error: {code: 'NODE_NOT_READY'}});
    expect(play(failed, {type: 'system-starting', now: NOON}).system).toMatchObject({
      state: 'starting',
      error: null,
      progress: [],
    });
  });

  it('keeps the cursor within the faults when one ends by itself', () => {
    const last = play(
      readyState(undefined, disturbedStatus),
      view({do: 'show', page: 'faults'}),
      view({do: 'move', motion: 'end'}),
    );
    expect(play(last, {type: 'system', status: sampleStatus}).page).toMatchObject({
      kind: 'faults',
      cursor: READY_FAULTS.length - 1,
    });
  });

  it('lets time pass only where time is shown', () => {
    const tick: ScreenEvent = {type: 'tick', now: NOON + 1000};
    const quiet = readyState();
    expect(play(quiet, tick)).toBe(quiet);
    expect(play(readyState(undefined, disturbedStatus), tick).now).toBe(NOON + 1000);
    expect(play(startState(), tick).now).toBe(NOON + 1000);
  });
});

describe('a lab', () => {
  it('takes the place of the one before, with its own page and recorded verdict', () => {
    const state = play(
      readyState(),
      view({do: 'show', page: 'keys'}),
      {type: 'saved', now: NOON},
      {type: 'lab', text: {...sampleText('p1-03-rest-that-lasts'), last: sampleResult}},
    );
    expect(state).toMatchObject({lab: 'p1-03-rest-that-lasts', page: {kind: 'brief'}, savedAt: null, task: -1});
    expect(state.results['p1-03-rest-that-lasts']).toBe(sampleResult);
  });
});

describe('esc', () => {
  it('goes out one step at a time', () => {
    const deep = play(readyState(), view({do: 'show', page: 'faults'}), view({do: 'choose-target', fault: 0}));
    const steps = [1, 2, 3].map(times => play(deep, ...Array.from({length: times}, () => view({do: 'back'}))));
    expect(steps.map(({page, focus}) => [page.kind, focus])).toEqual([
      ['faults', 'main'],
      ['brief', 'main'],
      ['brief', 'path'],
    ]);
  });
});
