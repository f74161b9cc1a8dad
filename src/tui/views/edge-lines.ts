import {usableKeys} from '../keys.ts';
import {isRunning} from '../select.ts';
import type {ScreenState} from '../state.ts';
import {truncate, wrap} from '../text/fit.ts';
import {clean, type Line, lineCells, plain, type Span, span} from '../text/line.ts';
import {clockTime, seconds} from './figures.ts';

/** The first row: what this is, and how the system is. */
export function headerLine(state: ScreenState, width: number): Line {
  const {system} = state;
  const words: Span[] = [span('teralab', 'title')];
  if (system.state === 'starting')
    words.push(
      span(' ◐ starting', 'info'),
      span(
        ` ${seconds(state.now - system.startedAt)}  ${clean(system.progress.at(-1) ?? 'looking for the system')}`,
        'faint',
      ),
    );
  else if (system.state === 'failed') words.push(span(' ✖ not up', 'bad'), span(`  ${system.error?.code ?? ''}`));
  else {
    const nodes = system.status?.nodes ?? [];
    const ready = nodes.filter(node => node.state === 'ready').length;
    words.push(
      ready === nodes.length ? span(' ✔ up', 'good') : span(' ! disturbed', 'warn'),
      span(`  ${ready}/${nodes.length} nodes ready  ${system.status?.runtime ?? ''}`),
      span(`  ${system.status?.urls.gateway.join(' ') ?? ''}`, 'info'),
    );
  }
  const check = system.status?.check ?? null;
  if (check !== null && !isRunning(state)) words.push(span(`  another terminal checks ${check.lab}`, 'warn'));
  return truncate(words, width);
}

/** One line above the keys, three for an error: a question, an error with its code and fix, or what just happened. */
export function noticeLines(state: ScreenState, width: number): Line[] {
  const {ask, notice, savedAt} = state;
  if (ask !== null) return wrap(plain(`? ${ask.question}`, 'strong'), width, '  ').slice(0, 2);
  if (notice?.kind === 'error') {
    const {code, message, fix} = notice.error;
    const told = wrap(
      [span('✖ ', 'bad'), span(`${code} `, 'strong'), span(clean(message).replaceAll('\n', ' '))],
      width,
      '  ',
    );
    const shown = told.length > 2 ? [...told.slice(0, 1), truncate([...(told[1] ?? []), span(' …')], width)] : told;
    return [...shown, truncate([span('  '), span(clean(fix), 'info')], width)];
  }
  if (notice !== null)
    return [
      truncate(
        [
          span(`${notice.kind === 'good' ? '✔' : '·'} `, notice.kind === 'good' ? 'good' : 'faint'),
          span(clean(notice.text)),
        ],
        width,
      ),
    ];
  if (savedAt !== null)
    return [
      plain(
        `saved ${clockTime(savedAt)} - ${isRunning(state) ? 'check again when this one is done' : 'press c to check'}`,
        'good',
      ),
    ];
  return [];
}

/** The last row: the keys that do something now, as many as there is room for. */
export function keyLine(state: ScreenState, width: number): Line {
  const all = usableKeys(state).map(({show, label, keep}) => ({
    keep,
    spans: [span(show, 'strong'), span(` ${label}`)],
  }));
  const needed = (keys: typeof all) => keys.reduce((sum, {spans}) => sum + lineCells(spans) + 2, -2);
  const keys = [...all];
  for (let index = keys.length - 1; index >= 0 && needed(keys) > width; index--) {
    if (keys[index]?.keep !== true) keys.splice(index, 1);
  }
  return truncate(
    keys.flatMap(({spans}, index) => (index === 0 ? spans : [span('  '), ...spans])),
    width,
  );
}
