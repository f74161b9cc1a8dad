import {howToAnswer} from '../../labs/predict/answer.ts';
import type {PredictPage} from '../predict-page.ts';
import {wrap} from '../text/fit.ts';
import {EMPTY, inTone, type Line, plain, span} from '../text/line.ts';
import type {PaneView} from './pane-view.ts';

/** A question about what will happen: its options or its field, and how it is answered. */
export function predictView(page: PredictPage, width: number): PaneView {
  const {question, moment} = page.asked;
  const lines: Line[] = [...wrap(plain(question.text, 'strong'), width), EMPTY];
  let cursorRow: number | undefined;
  if (question.kind === 'interval') {
    cursorRow = lines.length;
    lines.push([
      span('▸ ', 'info'),
      span(page.typed === '' ? 'LOW..HIGH' : page.typed),
      span(` ${question.unit}`, 'faint'),
    ]);
  } else {
    for (const [index, {id, text}] of question.options.entries()) {
      const here = index === page.at;
      if (here) cursorRow = lines.length;
      const tick = question.kind === 'choices' ? (page.ticked.includes(id) ? '[x] ' : '[ ] ') : '';
      const rows = wrap(plain(`${here ? '▸' : ' '} ${index + 1} ${tick}${text}`), width, '    ');
      lines.push(...(here ? rows.map(row => inTone(row, 'chosen')) : rows));
    }
  }
  lines.push(EMPTY, ...wrap(plain(`The answer is ${howToAnswer(question).words}.`, 'faint'), width));
  if (page.refused !== null) lines.push(EMPTY, ...wrap(plain(page.refused, 'warn'), width));
  const what =
    moment === 'break'
      ? 'It is sealed before the attack, which shows how it is. A wrong answer blocks nothing.'
      : 'All else is passed. The check that follows has these figures; a wrong answer brings another question.';
  lines.push(EMPTY, ...wrap(plain(what, 'faint'), width));
  return {title: 'What will happen?', lines, ...(cursorRow === undefined ? {} : {cursorRow})};
}
