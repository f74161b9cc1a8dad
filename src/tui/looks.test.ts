import {describe, expect, it} from 'vitest';
import {LAB_LOOK, NODE_LOOK, showsUnicode, toAscii, VERDICT_LOOK} from './looks.ts';
import {cells} from './text/line.ts';

const looks = [...Object.values(LAB_LOOK), ...Object.values(NODE_LOOK), ...Object.values(VERDICT_LOOK)];

describe('looks', () => {
  it('say every state in a word beside the mark', () => {
    for (const {mark, word} of looks) {
      expect(word).toMatch(/^[a-z ]+$/);
      expect(cells(mark)).toBe(1);
    }
  });

  it('tell states apart without colour', () => {
    for (const table of [LAB_LOOK, NODE_LOOK, VERDICT_LOOK]) {
      const words = Object.values(table).map(({word}) => word);
      expect(new Set(words).size).toBe(words.length);
    }
  });
});

describe('toAscii', () => {
  it('keeps every mark and line one cell wide', () => {
    for (const {mark} of looks) expect(toAscii(mark)).toMatch(/^[!-~]$/);
    expect(toAscii('▸ a … │ ─┌┐ ▶ é 語 👩‍👩‍👧')).toBe('> a ~ | -++ > ? ?? ??');
  });

  it('leaves ASCII alone', () => {
    expect(toAscii('op 317: +4.2 s {a} [b] ~')).toBe('op 317: +4.2 s {a} [b] ~');
  });
});

describe('showsUnicode', () => {
  it('follows the locale', () => {
    expect(showsUnicode({LANG: 'en_GB.UTF-8'}, 'linux')).toBe(true);
    expect(showsUnicode({LANG: 'C.utf8'}, 'linux')).toBe(true);
    expect(showsUnicode({LC_ALL: 'C', LANG: 'en_GB.UTF-8'}, 'linux')).toBe(false);
    expect(showsUnicode({}, 'linux')).toBe(false);
    expect(showsUnicode({}, 'darwin')).toBe(true);
    expect(showsUnicode({LANG: 'en_GB.UTF-8', TERM: 'linux'}, 'linux')).toBe(false);
  });
});
