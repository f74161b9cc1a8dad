import {lineText, type Tone} from '../../tui/text/line.ts';
import {markdown} from '../../tui/text/markdown.ts';
import type {Paint} from '../output/paint.ts';

const COLOURS: Readonly<Partial<Record<Tone, keyof Paint>>> = {
  good: 'good',
  bad: 'bad',
  warn: 'warn',
  info: 'accent',
  faint: 'faint',
  strong: 'strong',
  title: 'strong',
  code: 'accent',
};

/** Markdown for a terminal, wrapped; without colours it is plain text. */
export function renderMarkdown(
  source: string,
  {width, paint}: {readonly width: number; readonly paint: Paint},
): string[] {
  return markdown(source, width).map(line => {
    if (line.every(({tone}) => tone === undefined)) return lineText(line).trimEnd();
    return line
      .map(({text, tone}) => {
        const colour = tone === undefined ? undefined : COLOURS[tone];
        return colour === undefined ? text : paint[colour](text);
      })
      .join('')
      .trimEnd();
  });
}
