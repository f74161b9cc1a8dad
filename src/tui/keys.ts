import type {Action} from './action.ts';
import {KEYS} from './key-table.ts';
import {askedPage, predictAction, predictKeys} from './predict-page.ts';
import type {ScreenState} from './state.ts';

/** What a key does now, or undefined. A question takes all keys but its own and Ctrl-C. */
export function actionFor(state: ScreenState, key: string): Action | undefined {
  if (key === 'ctrl-c') return {do: 'leave', exit: 130, keepSystem: true};
  if (state.ask !== null) return state.ask.choices.find(choice => choice.key === key)?.action;
  if (state.finding) return findAction(state, key);
  const asked = askedPage(state);
  if (asked !== undefined) return predictAction(asked, key);
  return KEYS.find(binding => binding.keys.includes(key) && binding.usable(state))?.action(state);
}

/** What the line of keys says: the most useful first; `keep` stays when there is no room. */
export function usableKeys(
  state: ScreenState,
): readonly {readonly show: string; readonly label: string; readonly keep: boolean}[] {
  if (state.ask !== null) return state.ask.choices.map(({key, label}) => ({show: key, label, keep: true}));
  if (state.finding) return FIND_KEYS;
  const asked = askedPage(state);
  if (asked !== undefined) return predictKeys(asked);
  const usable = KEYS.filter(binding => binding.quiet !== true && binding.usable(state));
  const next = usable.filter(binding => binding.isNext?.(state) === true);
  return [...next, ...usable.filter(binding => !next.includes(binding))].map(({show, label}) => ({
    show,
    label: typeof label === 'string' ? label : label(state),
    keep: KEPT.has(show),
  }));
}

function findAction(state: ScreenState, key: string): Action | undefined {
  if (key === 'esc') return {do: 'find-done', keep: false};
  if (key === 'enter') return {do: 'find-done', keep: true};
  if (key === 'up' || key === 'down') return {do: 'move', motion: key};
  const text = state.find ?? '';
  if (key === 'backspace' || key === 'delete') return {do: 'find-text', text: Array.from(text).slice(0, -1).join('')};
  return Array.from(key).length === 1 ? {do: 'find-text', text: text + key} : undefined;
}

const FIND_KEYS = [
  {show: 'type', label: 'to find', keep: true},
  {show: 'enter', label: 'choose', keep: true},
  {show: 'esc', label: 'all labs', keep: true},
];

/** Keys that a line without room for all of them still names. */
const KEPT: ReadonlySet<string> = new Set(['?', 'q', 'esc', 'Tab']);
