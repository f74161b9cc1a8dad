import {describe, expect, it} from 'vitest';
import {askFor} from './asks.ts';
import type {ScreenEvent} from './event.ts';
import {KEYS} from './key-table.ts';
import {actionFor, usableKeys} from './keys.ts';
import {disturbedStatus, NOON, passedResult, sampleResult} from './testing/samples.ts';
import {play, readyState, startState} from './testing/states.ts';

const view = (action: Extract<ScreenEvent, {type: 'view'}>['action']): ScreenEvent => ({type: 'view', action});
const lab = 'p2-04-no-lost-events';
const running = play(readyState(), {type: 'run-started', kind: 'check', lab, now: NOON});
const failed = play(
  readyState(),
  {type: 'run-started', kind: 'check', lab, now: NOON},
  {type: 'checked', result: sampleResult, now: NOON},
);
const passed = play(
  readyState(),
  {type: 'run-started', kind: 'check', lab, now: NOON},
  {type: 'checked', result: passedResult, now: NOON},
);
const shown = (state: typeof running) => usableKeys(state).map(({show, label}) => `${show} ${label}`);

describe('keys', () => {
  it('are said once each', () => {
    const keys = KEYS.flatMap(binding => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('judge and break only on a system that is up, and not twice at once', () => {
    expect(actionFor(startState(), 'c')).toBeUndefined();
    expect(actionFor(readyState(), 'c')).toEqual({do: 'check'});
    expect(actionFor(readyState(), 'b')).toEqual({do: 'break'});
    expect(actionFor(running, 'c')).toBeUndefined();
    expect(actionFor(running, 'b')).toBeUndefined();
  });

  it('give hints only for what a check has found', () => {
    expect(actionFor(readyState(), 'h')).toBeUndefined();
    expect(actionFor(failed, 'h')).toEqual({do: 'hint'});
    expect(actionFor(passed, 'h')).toBeUndefined();
  });

  it('show the reference after a pass, and ask before it', () => {
    expect(actionFor(failed, 's')).toEqual({do: 'ask', what: 'reveal'});
    expect(actionFor(passed, 's')).toEqual({do: 'solution', reveal: false});
    expect(actionFor(passed, 'd')).toEqual({do: 'debrief'});
    expect(actionFor(failed, 'd')).toBeUndefined();
  });

  it('ask before a check is stopped, files are replaced and the screen is left', () => {
    expect(actionFor(running, 'esc')).toEqual({do: 'ask', what: 'stop-run'});
    expect(actionFor(readyState(), 'r')).toEqual({do: 'ask', what: 'reset'});
    expect(actionFor(readyState(), 'q')).toEqual({do: 'ask', what: 'quit'});
  });

  it('go to a question alone while one is asked', () => {
    const asked = play(readyState(), view({do: 'ask', what: 'quit'}));
    expect(asked.ask).toEqual(askFor('quit', asked));
    expect(actionFor(asked, 'c')).toBeUndefined();
    expect(actionFor(asked, 'k')).toEqual({do: 'leave', exit: 0, keepSystem: true});
    expect(actionFor(asked, 's')).toEqual({do: 'leave', exit: 0, keepSystem: false});
    expect(actionFor(asked, 'esc')).toEqual({do: 'dismiss'});
    expect(shown(asked)).toEqual(['k keep it running', 's stop it', 'esc stay']);
  });

  it('leave at once with Ctrl-C, whatever is asked or looked for', () => {
    const leave = {do: 'leave', exit: 130, keepSystem: true};
    for (const state of [
      startState(),
      running,
      play(readyState(), view({do: 'find'})),
      play(readyState(), view({do: 'ask', what: 'reset'})),
    ]) {
      expect(actionFor(state, 'ctrl-c')).toEqual(leave);
    }
  });

  it('type letters while a lab is looked for', () => {
    const finding = play(readyState(), view({do: 'find'}), view({do: 'find-text', text: 'ev'}));
    expect(actionFor(finding, 'c')).toEqual({do: 'find-text', text: 'evc'});
    expect(actionFor(finding, '語')).toEqual({do: 'find-text', text: 'ev語'});
    expect(actionFor(finding, 'backspace')).toEqual({do: 'find-text', text: 'e'});
    expect(actionFor(finding, 'enter')).toEqual({do: 'find-done', keep: true});
  });

  it('clear the chosen fault, or all of them', () => {
    const faults = play(readyState(undefined, disturbedStatus), view({do: 'show', page: 'faults'}));
    expect(actionFor(faults, 'x')).toEqual({do: 'clear', id: 'f-7'});
    expect(actionFor(faults, 'X')).toEqual({do: 'clear', id: undefined});
    expect(actionFor(play(faults, view({do: 'move', motion: 'down'})), 'x')).toBeUndefined();
    expect(actionFor(readyState(), 'x')).toBeUndefined();
  });

  it('bring the system up again only after it failed', () => {
    expect(actionFor(readyState(), 'u')).toBeUndefined();
    const error = {code: 'NODE_GONE', message: 'gone', fix: 'again'} as const;
    expect(actionFor(play(readyState(), {type: 'system-failed', error}), 'u')).toEqual({do: 'bring-up'});
  });

  it('are all in the line of keys or marked as quiet, and each of them is explained', () => {
    for (const {show, help, quiet} of KEYS) if (quiet !== true) expect(help, show).not.toBe('');
  });

  it('name in the line only what works now', () => {
    for (const state of [startState(), readyState(), running, failed, passed]) {
      for (const {show} of usableKeys(state))
        expect(actionFor(state, show === 'Tab' ? 'tab' : show), show).toBeDefined();
    }
  });
});
