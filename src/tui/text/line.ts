import stringWidth from 'string-width';

/** What a piece of text means; `looks.ts` says how that is drawn. */
export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'faint' | 'strong' | 'title' | 'chosen' | 'code';

export interface Span {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** One row of the screen. */
export type Line = readonly Span[];

export const EMPTY: Line = [];

export function span(text: string, tone?: Tone): Span {
  return tone === undefined ? {text} : {text, tone};
}

/** A row of text without a tone, or with one for all of it. */
export function plain(text: string, tone?: Tone): Line {
  return [span(text, tone)];
}

/** Terminal cells that a text takes: two for wide characters, none for combining ones. */
export function cells(text: string): number {
  return isAscii(text) ? text.length : stringWidth(text);
}

export function lineCells(line: Line): number {
  return line.reduce((sum, {text}) => sum + cells(text), 0);
}

export function lineText(line: Line): string {
  return line.map(({text}) => text).join('');
}

/** The same row in one tone, as a chosen row is drawn. */
export function inTone(line: Line, tone: Tone): Line {
  return line.map(({text}) => span(text, tone));
}

/** Text from elsewhere (logs, a learner's module) made safe to draw: no escape sequences, no control characters, tabs as spaces. */
export function clean(text: string): string {
  return text.replace(ESCAPE_SEQUENCE, '').replaceAll('\t', '  ').replace(CONTROL, '');
}

/** The parts of a text that a terminal draws as one. */
export function graphemes(text: string): string[] {
  return isAscii(text) ? text.split('') : Array.from(new Intl.Segmenter().segment(text), ({segment}) => segment);
}

function isAscii(text: string): boolean {
  return PRINTABLE_ASCII.test(text);
}

const PRINTABLE_ASCII = /^[ -~]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes.
const ESCAPE_SEQUENCE = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes.
const CONTROL = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
