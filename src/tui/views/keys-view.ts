import {KEYS} from '../key-table.ts';
import type {ScreenState} from '../state.ts';
import {column, wrap} from '../text/fit.ts';
import {EMPTY, type Line, plain, span} from '../text/line.ts';
import type {PaneView} from './pane-view.ts';

/** All keys with what they do; those that do nothing now are faint and say so. */
export function keysView(state: ScreenState, width: number): PaneView {
  const before: ScreenState = {...state, page: {kind: 'brief'}};
  const rows = KEYS.filter(({help}) => help !== '').flatMap(({show, help, usable}): Line[] => {
    const idle = !usable(before);
    return wrap(
      [
        span(`${column(show, 11)} `, idle ? 'faint' : 'strong'),
        span(idle ? `${help} (not now)` : help, idle ? 'faint' : undefined),
      ],
      width,
      ' '.repeat(12),
    );
  });
  return {
    title: 'Keys',
    lines: [...rows, EMPTY, ...wrap(plain('Everything here is also a plain command: `teralab help`.', 'faint'), width)],
  };
}
