import {READY_FAULTS} from '../ready-faults.ts';
import {type MenuItem, menu} from '../select.ts';
import type {ScreenState} from '../state.ts';
import {pad, truncate, wrap} from '../text/fit.ts';
import {clean, EMPTY, inTone, type Line, plain, span} from '../text/line.ts';
import type {PaneView} from './pane-view.ts';
import {timeLeft} from './system-view.ts';

/** A list to choose from: faults, their targets, nodes. */
export function menuView(state: ScreenState, width: number): PaneView {
  const {page} = state;
  const items = menu(state);
  const cursor = 'cursor' in page ? page.cursor : 0;
  const lines: Line[] = [];
  let cursorRow = 0;
  const put = (item: MenuItem, index: number, line: Line) => {
    const chosen = index === cursor;
    if (chosen) cursorRow = lines.length;
    const row = truncate([span(chosen ? '▸ ' : '  '), ...line], width);
    lines.push(chosen && state.focus === 'main' ? inTone(pad(row, width), 'chosen') : row);
    if (item.fault?.effect !== undefined) {
      lines.push(
        ...wrap(
          plain(`    ${item.fault.effect.verdict}: ${clean(item.fault.effect.observed)}`, 'faint'),
          width,
          '    ',
        ),
      );
    }
  };
  if (page.kind === 'faults') {
    const inForce = items.filter(({fault}) => fault !== undefined).length;
    lines.push(plain(inForce === 0 ? 'Nothing is disturbed.' : 'In force', 'strong'));
    items.forEach((item, index) => {
      if (index === inForce) lines.push(EMPTY, plain('Inject', 'strong'));
      const {fault} = item;
      put(
        item,
        index,
        fault === undefined
          ? plain(item.label)
          : [
              span(`${fault.kind} `, 'warn'),
              span(`${fault.target} `),
              span(timeLeft(fault, state.now), 'strong'),
              span(` ${fault.id}`, 'faint'),
            ],
      );
    });
    lines.push(
      EMPTY,
      ...wrap(plain('All faults end by themselves. `teralab chaos` has more of them.', 'faint'), width),
    );
    return {title: 'Faults', lines, cursorRow};
  }
  for (const [index, item] of items.entries()) put(item, index, plain(item.label));
  const title =
    page.kind === 'targets' ? `${READY_FAULTS[page.fault]?.label ?? 'fault'}: of what?` : 'Log of which node?';
  return {title, lines: lines.length > 0 ? lines : [plain('nothing to choose', 'faint')], cursorRow};
}
