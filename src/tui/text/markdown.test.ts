import {describe, expect, it} from 'vitest';
import {lineCells, lineText} from './line.ts';
import {markdown} from './markdown.ts';

const text = (source: string, width = 60) => markdown(source, width).map(lineText);

describe('markdown', () => {
  it('joins the lines of a paragraph and wraps them', () => {
    expect(text('one two\nthree four\n\nfive', 10)).toEqual(['one two ', 'three four', '', 'five']);
  });

  it('marks headings, code, strong words and links', () => {
    expect(markdown('## Do `this` **now**', 60)).toEqual([[{text: 'Do `this` **now**', tone: 'title'}]]);
    expect(markdown('run `npm test` **now**, see [the docs](https://example.org)', 80)[0]).toEqual([
      {text: 'run '},
      {text: 'npm test', tone: 'code'},
      {text: ' '},
      {text: 'now', tone: 'strong'},
      {text: ', see the docs (https://example.org)'},
    ]);
  });

  it('indents what follows in a list item', () => {
    expect(text('- first item goes on\n  here\n- second\n1. third', 14)).toEqual([
      '• first item ',
      '  goes on here',
      '• second',
      '1. third',
    ]);
  });

  it('keeps a diagram row for row and cuts what is too wide', () => {
    expect(text('```\n a --> b\n   |\n```', 6)).toEqual([' a --…', '   |']);
  });

  it('breaks code with a language instead of cutting it', () => {
    expect(text('```ts\nconst a = await b();\n```', 14).join('').replaceAll(' ', '')).toBe('consta=awaitb();');
  });

  it('shows an unclosed fence as code', () => {
    expect(text('```ts\nconst a = 1;')).toEqual(['  const a = 1;']);
  });

  it('leaves tables as they are written', () => {
    expect(text('| a | b |\n|---|---|\n| 1 | 2 |')).toEqual(['| a | b |', '|---|---|', '| 1 | 2 |']);
  });

  it('never makes a row wider than the width', () => {
    const source =
      '# A title that is long enough\n\n> a quotation of 日本語の文章 and more\n\n- a_very_long_word_that_does_not_fit\n\n---\n\n| a table | row |';
    for (let width = 8; width < 40; width++)
      for (const line of markdown(source, width)) expect(lineCells(line)).toBeLessThanOrEqual(width);
  });

  it('draws no escape sequence of a hostile text', () => {
    expect(text('\u001B[2Jgone')).toEqual(['gone']);
  });
});
