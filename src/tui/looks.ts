import type {NodeState} from '../controller/protocol.ts';
import type {Verdict} from '../labs/verdict.ts';
import type {LabStatus} from './session.ts';
import {cells, graphemes, type Tone} from './text/line.ts';

/** How a state is drawn. The word stands beside the mark: colour is never the only sign. */
export interface Look {
  readonly mark: string;
  readonly word: string;
  readonly tone: Tone | undefined;
}

export const LAB_LOOK: Readonly<Record<LabStatus, Look>> = {
  open: {mark: '○', word: 'open', tone: undefined},
  blocked: {mark: '◌', word: 'later', tone: undefined},
  started: {mark: '◐', word: 'started', tone: 'warn'},
  failed: {mark: '✖', word: 'failed', tone: 'bad'},
  passed: {mark: '✔', word: 'passed', tone: 'good'},
  skipped: {mark: '↷', word: 'skipped', tone: 'faint'},
  planned: {mark: '·', word: 'planned', tone: 'faint'},
};

export const NODE_LOOK: Readonly<Record<NodeState, Look>> = {
  starting: {mark: '◐', word: 'starting', tone: 'info'},
  ready: {mark: '✔', word: 'ready', tone: 'good'},
  degraded: {mark: '!', word: 'degraded', tone: 'warn'},
  paused: {mark: '‖', word: 'paused', tone: 'warn'},
  crashed: {mark: '✖', word: 'crashed', tone: 'bad'},
  stopped: {mark: '■', word: 'stopped', tone: 'faint'},
};

export const VERDICT_LOOK: Readonly<Record<Verdict | 'none' | 'waiting', Look>> = {
  pass: {mark: '✔', word: 'pass', tone: 'good'},
  fail: {mark: '✖', word: 'fail', tone: 'bad'},
  inconclusive: {mark: '?', word: 'inconclusive', tone: 'warn'},
  none: {mark: '○', word: 'not judged', tone: 'faint'},
  waiting: {mark: '◐', word: 'waiting', tone: 'info'},
};

/** What Ink's Text takes for each tone. */
export const TONE_LOOK: Readonly<
  Record<
    Tone,
    {readonly color?: string; readonly bold?: boolean; readonly dimColor?: boolean; readonly inverse?: boolean}
  >
> = {
  good: {color: 'green'},
  bad: {color: 'red'},
  warn: {color: 'yellow'},
  info: {color: 'cyan'},
  faint: {dimColor: true},
  strong: {bold: true},
  title: {bold: true, color: 'cyan'},
  chosen: {inverse: true},
  code: {color: 'yellow'},
};

/** Whether the locale says that the terminal shows UTF-8. macOS terminals do without saying so. */
export function showsUnicode(
  env: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  if (env.TERM === 'dumb' || env.TERM === 'linux') return false;
  return /utf-?8/i.test(locale) || (locale === '' && platform === 'darwin');
}

/** The same row in ASCII, cell for cell, for terminals that show nothing else. */
export function toAscii(text: string): string {
  if (IS_ASCII.test(text)) return text;
  return graphemes(text)
    .map(part => (IS_ASCII.test(part) ? part : (ASCII[part] ?? '?'.repeat(cells(part)))))
    .join('');
}

const IS_ASCII = /^[ -~\n]*$/;
const ASCII: Readonly<Record<string, string>> = {
  '○': 'o',
  '◌': 'o',
  '◐': '~',
  '✖': 'x',
  '✔': '+',
  '↷': '>',
  '·': '.',
  '‖': '=',
  '■': '#',
  '●': '*',
  '▸': '>',
  '…': '~',
  '•': '-',
  '–': '-',
  '—': '-',
  '─': '-',
  '━': '-',
  '│': '|',
  '┃': '|',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '├': '+',
  '┤': '+',
  '┬': '+',
  '┴': '+',
  '┼': '+',
  '╭': '+',
  '╮': '+',
  '╰': '+',
  '╯': '+',
  '═': '=',
  '║': '|',
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '▶': '>',
  '◀': '<',
  '►': '>',
  '◄': '<',
  '▲': '^',
  '▼': 'v',
  '█': '#',
  '░': '.',
  '×': 'x',
  '≤': '<',
  '≥': '>',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
  '\u00A0': ' ',
};
