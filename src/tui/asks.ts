import {isUp} from './select.ts';
import type {Ask, ScreenState} from './state.ts';

/** The questions that the screen asks before something is given up. Esc always means no. */
export function askFor(what: 'quit' | 'stop-run' | 'reset' | 'reveal', state: ScreenState): Ask {
  const no = (label: string) => ({key: 'esc', label, action: {do: 'dismiss'} as const});
  switch (what) {
    case 'quit':
      return {
        question: isUp(state) ? 'Leave the screen. What about the system?' : 'Leave the screen? The system is not up.',
        choices: [
          {key: 'k', label: 'keep it running', action: {do: 'leave', exit: 0, keepSystem: true}},
          {key: 's', label: 'stop it', action: {do: 'leave', exit: 0, keepSystem: false}},
          no('stay'),
        ],
      };
    case 'stop-run':
      return {
        question: state.run?.kind === 'break' ? 'Stop the attack?' : 'Stop the running check? It will have no verdict.',
        choices: [{key: 'y', label: 'stop it', action: {do: 'stop-run'}}, no('let it run')],
      };
    case 'reset':
      return {
        question: 'Start this lab again with fresh files? Yours are kept aside.',
        choices: [{key: 'y', label: 'fresh files', action: {do: 'reset'}}, no('keep mine')],
      };
    case 'reveal':
      return {
        question: 'You have not passed this lab yet. Show the reference all the same? It is recorded.',
        choices: [{key: 'y', label: 'show it', action: {do: 'solution', reveal: true}}, no('not yet')],
      };
  }
}
