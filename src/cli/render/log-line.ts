import type {LogLine} from '../../observe/log-line.ts';
import {clockTime} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {padEnd} from '../output/text.ts';

const COLOURS: Readonly<Record<string, 'warn' | 'bad' | 'faint'>> = {
  warn: 'warn',
  error: 'bad',
  fatal: 'bad',
  debug: 'faint',
  trace: 'faint',
};

/** `12:03:59.120 gateway-1  warn  upstream timed out  route=/v1/… ms=500`. */
export function renderLogLine(
  line: LogLine,
  {nodeWidth, paint}: {readonly nodeWidth: number; readonly paint: Paint},
): string {
  const time =
    line.time === null
      ? ' '.repeat(12)
      : `${clockTime(line.time)}.${String(Math.floor(line.time % 1000)).padStart(3, '0')}`;
  const colour = line.level === null ? undefined : COLOURS[line.level];
  const level = padEnd(line.level ?? '', 5);
  const facts = Object.entries(line.facts).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = `${paint.faint(time)} ${paint.accent(padEnd(line.node, nodeWidth))} ${colour === undefined ? level : paint[colour](level)} ${line.message}`;
  return facts.length === 0 ? head.trimEnd() : `${head}  ${paint.faint(facts.join(' '))}`;
}
