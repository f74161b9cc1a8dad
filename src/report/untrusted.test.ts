import {describe, expect, it} from 'vitest';
import {oneLine, shortened, visible, visibleJson} from './untrusted.ts';

describe('visible text', () => {
  it('shows controls, marks of direction and halves of pairs by their code', () => {
    expect(visible('a\u0000b\u202ec\u200fd\u2028e\ud83df\u001b')).toBe(
      'a\\u{0}b\\u{202e}c\\u{200f}d\\u{2028}e\\u{d83d}f\\u{1b}',
    );
  });

  it('leaves letters of all scripts, pictures, tabs and newlines alone', () => {
    const text = 'שלום مرحبا 你好 👩‍🚀 é\tx\ny';
    expect(visible(text)).toBe(text);
  });

  it('has plain line ends', () => expect(visible('a\r\nb')).toBe('a\nb'));

  it('means the same as JSON', () => {
    const value = {text: '\u202e \u2028 \u{e0041} \u009f \ufeff'};
    const json = visibleJson(JSON.stringify(value));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('shortened text', () => {
  it('says how much is left out', () => {
    expect(shortened('abcdef', 4)).toBe('abcd… (2 more characters)');
    expect(shortened('a\nb\nc', 100, 2)).toBe('a\nb… (2 more characters)');
    expect(shortened('abc', 3)).toBe('abc');
  });

  it('does not cut a character in two', () => expect(shortened('👍👍👍', 2)).toMatch(/^👍👍… /));

  it('fits on one line where asked', () => {
    expect(oneLine('a\n\n b\tc', 10)).toBe('a b c');
    expect(oneLine('abcdef', 4)).toBe('abc…');
  });
});
