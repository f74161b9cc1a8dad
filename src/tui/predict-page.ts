import type {AskedPrediction} from '../controller/protocol.ts';
import type {Action} from './action.ts';
import type {ScreenState} from './state.ts';

/** The page that asks for a prediction, with what has been answered so far. It takes the keys while it is there. */
export interface PredictPage {
  readonly kind: 'predict';
  readonly asked: AskedPrediction;
  /** The option that the keys are at. */
  readonly at: number;
  /** Ids of options that are ticked. */
  readonly ticked: readonly string[];
  /** An interval as it is typed. */
  readonly typed: string;
  /** Why the last answer was not taken. */
  readonly refused: string | null;
}

export function predictPage(asked: AskedPrediction): PredictPage {
  return {kind: 'predict', asked, at: 0, ticked: [], typed: '', refused: null};
}

/** The question that takes the keys now, or undefined. */
export function askedPage({page, focus}: Pick<ScreenState, 'page' | 'focus'>): PredictPage | undefined {
  return page.kind === 'predict' && focus === 'main' ? page : undefined;
}

/** What a key does to the question. */
export function predictAction(page: PredictPage, key: string): Action | undefined {
  if (key === 'esc') return {do: 'back'};
  if (key === 'enter') return {do: 'predict', answer: answerText(page)};
  if (key === 'tab' || key === 'shift-tab') return {do: 'tab', back: key === 'shift-tab'};
  return {do: 'predict-key', key};
}

/** The page after a key that moves, ticks or types. */
export function withKey(page: PredictPage, key: string): PredictPage {
  const {question} = page.asked;
  if (question.kind === 'interval') {
    if (key === 'backspace' || key === 'delete') return {...page, typed: page.typed.slice(0, -1), refused: null};
    return Array.from(key).length === 1 ? {...page, typed: page.typed + key, refused: null} : page;
  }
  const last = question.options.length - 1;
  if (key === 'up' || key === 'k') return {...page, at: Math.max(0, page.at - 1), refused: null};
  if (key === 'down' || key === 'j') return {...page, at: Math.min(last, page.at + 1), refused: null};
  const named = /^[1-9]$/.test(key) ? Number(key) - 1 : undefined;
  if (named !== undefined && named > last) return page;
  const at = named ?? page.at;
  if (question.kind === 'choice' || (key !== ' ' && key !== 'x' && named === undefined)) return {...page, at};
  const id = question.options[at]?.id ?? '';
  const ticked = page.ticked.includes(id) ? page.ticked.filter(each => each !== id) : [...page.ticked, id];
  return {...page, at, ticked, refused: null};
}

/** The answer in the words of `--predict`. */
function answerText({asked: {question}, at, ticked, typed}: PredictPage): string {
  if (question.kind === 'interval') return typed;
  if (question.kind === 'choice') return question.options[at]?.id ?? '';
  return ticked.length === 0 ? 'none' : ticked.join(',');
}

export function predictKeys({asked: {question}}: PredictPage) {
  const keys = {
    choice: [{show: 'up down', label: 'choose', keep: true}],
    choices: [{show: 'space', label: 'tick', keep: true}],
    interval: [{show: 'type', label: 'LOW..HIGH', keep: true}],
  }[question.kind];
  return [...keys, {show: 'enter', label: 'seal it', keep: true}, {show: 'esc', label: 'not now', keep: true}];
}
