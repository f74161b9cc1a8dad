import type {Action} from './action.ts';
import {enterAction, faultsInForce, isPassed, isRunning, isUp, labStatus, menu, resultOf} from './select.ts';
import type {ScreenState} from './state.ts';

export interface KeyBinding {
  readonly keys: readonly string[];
  /** As the line of keys and the help write it. */
  readonly show: string;
  readonly label: string | ((state: ScreenState) => string);
  /** One sentence for `?`. */
  readonly help: string;
  /** The line of keys leaves it out: it is in `?`. */
  readonly quiet?: boolean;
  /** Where it is the next thing to do, it comes first in the line. */
  isNext?(state: ScreenState): boolean;
  usable(state: ScreenState): boolean;
  action(state: ScreenState): Action;
}

/** Every key of the screen, in the order of the line of keys. The first usable one wins. */
export const KEYS: readonly KeyBinding[] = [
  {
    keys: ['ctrl-c'],
    show: 'Ctrl-C',
    label: 'leave',
    help: 'Leave at once; the system keeps running.',
    quiet: true,
    usable: always,
    action: () => ({do: 'leave', exit: 130, keepSystem: true}),
  },
  {
    keys: ['enter'],
    show: 'enter',
    label: enterLabel,
    help: 'Open what is chosen.',
    usable: state => enterAction(state) !== null,
    action: () => ({do: 'enter'}),
  },
  {
    keys: ['x'],
    show: 'x',
    label: 'clear',
    help: 'Faults: heal the chosen one.',
    usable: state => chosenFault(state) !== undefined,
    action: state => ({do: 'clear', id: chosenFault(state)?.id}),
  },
  {
    keys: ['X'],
    show: 'X',
    label: 'clear all',
    help: 'Faults: heal everything.',
    usable: state => state.page.kind === 'faults' && faultsInForce(state).length > 0,
    action: () => ({do: 'clear', id: undefined}),
  },
  {
    keys: ['u'],
    show: 'u',
    label: 'bring the system up',
    help: 'Bring the system up again after it failed.',
    usable: state => state.system.state === 'failed',
    action: () => ({do: 'bring-up'}),
  },
  {
    keys: ['c'],
    show: 'c',
    label: 'check',
    help: 'Judge your code on the running system.',
    usable: isReady,
    action: () => ({do: 'check'}),
  },
  {
    keys: ['b'],
    show: 'b',
    label: 'break it',
    help: 'Run the attack of this lab and see what happens.',
    usable: isReady,
    action: () => ({do: 'break'}),
  },
  {
    keys: ['e'],
    show: 'e',
    label: 'edit',
    help: 'Open your file in $VISUAL or $EDITOR.',
    usable: state => (state.text?.files.length ?? 0) > 0,
    action: () => ({do: 'edit'}),
  },
  {
    keys: ['h'],
    show: 'h',
    label: 'hint',
    help: 'The next hint for what the last check found.',
    isNext: state => state.page.kind === 'result' || state.page.kind === 'task',
    usable: state =>
      !isRunning(state) && !isPassed(state) && (resultOf(state) !== null || labStatus(state, state.lab) === 'failed'),
    action: () => ({do: 'hint'}),
  },
  {
    keys: ['d'],
    show: 'd',
    label: 'debrief',
    help: 'After a pass: why it works and what it costs.',
    isNext: state => state.page.kind === 'result' && isPassed(state),
    usable: state => isPassed(state) && !isRunning(state),
    action: () => ({do: 'debrief'}),
  },
  {
    keys: ['s'],
    show: 's',
    label: state => (isPassed(state) ? 'reference' : 'solution'),
    help: 'The reference solution; before a pass it asks first.',
    isNext: state => state.page.kind === 'result' && isPassed(state),
    usable: state => state.text !== null && !isRunning(state),
    action: state => (isPassed(state) ? {do: 'solution', reveal: false} : {do: 'ask', what: 'reveal'}),
  },
  {
    keys: ['f'],
    show: 'f',
    label: 'faults',
    help: 'Faults in force, and ready ones to inject.',
    usable: state => isUp(state) && state.page.kind !== 'faults',
    action: () => ({do: 'show', page: 'faults'}),
  },
  {
    keys: ['l'],
    show: 'l',
    label: 'logs',
    help: 'The end of a node’s log, live.',
    usable: state => isUp(state) && state.page.kind !== 'nodes',
    action: () => ({do: 'show', page: 'nodes'}),
  },
  {
    keys: ['n'],
    show: 'n',
    label: 'next',
    help: 'The next lab.',
    isNext: state => state.page.kind === 'result' && isPassed(state),
    usable: state => state.path !== null,
    action: () => ({do: 'step', by: 1}),
  },
  {
    keys: ['p'],
    show: 'p',
    label: 'previous',
    help: 'The lab before.',
    quiet: true,
    usable: state => state.path !== null,
    action: () => ({do: 'step', by: -1}),
  },
  {
    keys: ['v'],
    show: 'v',
    label: 'verdict',
    help: 'The last verdict of this lab.',
    usable: state => resultOf(state) !== null && state.page.kind !== 'result',
    action: () => ({do: 'show', page: 'result'}),
  },
  {
    keys: ['w'],
    show: 'w',
    label: 'what happened',
    help: 'What the last check or attack did, step by step.',
    usable: state => state.run !== null && state.page.kind !== 'trail',
    action: () => ({do: 'show', page: 'trail'}),
  },
  {
    keys: ['r'],
    show: 'r',
    label: 'reset',
    help: 'Fresh start files; yours are kept aside.',
    quiet: true,
    usable: state => state.text !== null && !isRunning(state),
    action: () => ({do: 'ask', what: 'reset'}),
  },
  {
    keys: ['/'],
    show: '/',
    label: 'find',
    help: 'Find a lab.',
    usable: state => state.path !== null,
    action: () => ({do: 'find'}),
  },
  {
    keys: ['esc'],
    show: 'esc',
    label: state => (wouldStop(state) ? 'stop' : 'back'),
    help: 'Back; stops a running check after asking.',
    usable: canGoBack,
    action: state => (wouldStop(state) ? {do: 'ask', what: 'stop-run'} : {do: 'back'}),
  },
  {
    keys: ['tab'],
    show: 'Tab',
    label: 'pane',
    help: 'The next pane: path, brief, system, checklist.',
    usable: always,
    action: () => ({do: 'tab', back: false}),
  },
  {
    keys: ['shift-tab'],
    show: 'Shift-Tab',
    label: 'pane before',
    help: 'The pane before.',
    quiet: true,
    usable: always,
    action: () => ({do: 'tab', back: true}),
  },
  {
    keys: ['z'],
    show: 'z',
    label: 'zoom',
    help: 'One pane over the whole width, and back.',
    quiet: true,
    usable: state => state.size.columns >= 120,
    action: () => ({do: 'zoom'}),
  },
  {
    keys: ['up', 'k'],
    show: 'up k',
    label: 'up',
    help: 'One up: scrolls a text, moves in a list.',
    quiet: true,
    usable: always,
    action: () => ({do: 'move', motion: 'up'}),
  },
  {
    keys: ['down', 'j'],
    show: 'down j',
    label: 'down',
    help: 'One down.',
    quiet: true,
    usable: always,
    action: () => ({do: 'move', motion: 'down'}),
  },
  {
    keys: ['pageup'],
    show: 'PageUp',
    label: 'page up',
    help: 'A page up.',
    quiet: true,
    usable: always,
    action: () => ({do: 'move', motion: 'page-up'}),
  },
  {
    keys: ['pagedown', ' '],
    show: 'PageDown',
    label: 'page down',
    help: 'A page down; the space bar too.',
    quiet: true,
    usable: always,
    action: () => ({do: 'move', motion: 'page-down'}),
  },
  {
    keys: ['home', 'g'],
    show: 'Home g',
    label: 'first',
    help: 'To the beginning.',
    quiet: true,
    usable: always,
    action: () => ({do: 'move', motion: 'home'}),
  },
  {
    keys: ['end', 'G'],
    show: 'End G',
    label: 'last',
    help: 'To the end.',
    quiet: true,
    usable: always,
    action: () => ({do: 'move', motion: 'end'}),
  },
  ...Array.from({length: 9}, (_, index) => taskKey(index)),
  {
    keys: ['?'],
    show: '?',
    label: 'keys',
    help: 'All keys.',
    usable: state => state.page.kind !== 'keys',
    action: () => ({do: 'show', page: 'keys'}),
  },
  {
    keys: ['q'],
    show: 'q',
    label: 'quit',
    help: 'Leave; asks what to do with the system.',
    usable: always,
    action: () => ({do: 'ask', what: 'quit'}),
  },
];

function taskKey(index: number): KeyBinding {
  const show = index === 0 ? '1-9' : String(index + 1);
  return {
    keys: [String(index + 1)],
    show,
    label: 'task',
    help: index === 0 ? 'Open an item of the checklist.' : '',
    quiet: true,
    usable: state => index < (state.text?.tasks.length ?? 0),
    action: () => ({do: 'show-task', index}),
  };
}

function always(): boolean {
  return true;
}

function isReady(state: ScreenState): boolean {
  return isUp(state) && !isRunning(state) && state.text !== null;
}

function wouldStop(state: ScreenState): boolean {
  return isRunning(state) && (state.page.kind === 'brief' || state.page.kind === 'trail');
}

function canGoBack(state: ScreenState): boolean {
  return state.page.kind !== 'brief' || state.find !== null || state.zoom || state.focus !== 'path' || isRunning(state);
}

function chosenFault(state: ScreenState) {
  return state.page.kind === 'faults' && state.focus === 'main' ? menu(state)[state.page.cursor]?.fault : undefined;
}

function enterLabel(state: ScreenState): string {
  if (state.focus === 'system') return 'faults';
  if (state.focus === 'main' && state.page.kind === 'targets') return 'inject';
  if (state.focus === 'main' && state.page.kind === 'result') return 'evidence';
  return chosenFault(state) === undefined ? 'open' : 'clear';
}
