import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {column, pad, truncate, wrap} from './fit.ts';
import {cells, clean, lineCells, lineText, plain, span} from './line.ts';

const words = fc
  .array(fc.constantFrom('a', 'word', 'exactly-once', '日本語', '👩‍👩‍👧', 'é', 'supercalifragilistic', '…'), {
    maxLength: 20,
  })
  .map(list => list.join(' '));

describe('wrap', () => {
  it('makes no row wider than the width and loses no word', () => {
    fc.assert(
      fc.property(words, fc.integer({min: 2, max: 40}), (text, width) => {
        const rows = wrap(plain(text), width, '  ');
        for (const row of rows) expect(lineCells(row)).toBeLessThanOrEqual(width);
        expect(rows.map(lineText).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('breaks at spaces and starts following rows with the hang', () => {
    expect(wrap(plain('one two three'), 8, '  ').map(lineText)).toEqual(['one two ', '  three']);
  });

  it('keeps the tone of every word', () => {
    expect(wrap([span('see '), span('the code', 'code')], 6)).toEqual([
      [span('see ')],
      [span('the ', 'code')],
      [span('code', 'code')],
    ]);
  });

  it('counts wide characters as two cells', () => {
    expect(wrap(plain('日本語日本語'), 5).map(lineText)).toEqual(['日本', '語日', '本語']);
  });
});

describe('truncate', () => {
  it('cuts to the width with an ellipsis, also inside wide characters', () => {
    fc.assert(
      fc.property(
        words,
        fc.integer({min: 1, max: 30}),
        (text, width) => lineCells(truncate(plain(text), width)) <= width,
      ),
    );
    expect(lineText(truncate(plain('日本語日本語'), 6))).toBe('日本…');
  });

  it('leaves alone what fits', () => {
    const line = plain('fits');
    expect(truncate(line, 4)).toBe(line);
  });
});

describe('column and pad', () => {
  it('fill to exactly the width', () => {
    expect(column('日本', 6)).toBe('日本  ');
    expect(column('12', 5, 'right')).toBe('   12');
    expect(cells(column('a long title', 6))).toBe(6);
    expect(lineCells(pad(plain('x', 'chosen'), 9))).toBe(9);
  });
});

describe('clean', () => {
  it('takes out escape sequences and control characters', () => {
    expect(clean('\u001B[31mred\u001B[0m\u0007 \u001B]0;title\u0007ok\r\tx\u202Ey')).toBe('red ok  xy');
  });

  it('never leaves a control character but the line end', () => {
    fc.assert(fc.property(fc.string({unit: 'binary'}), text => !/[\p{Cc}]/u.test(clean(text).replaceAll('\n', ''))));
  });
});
