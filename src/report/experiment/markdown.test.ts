import {describe, expect, it} from 'vitest';
import {emptyJournal, generatedJournal, HOSTILE_TEXTS, journalOfTexts, latencyFault} from '../testing.ts';
import {renderMarkdown} from './markdown.ts';

describe('the Markdown of a report', () => {
  const markdown = renderMarkdown(generatedJournal(), {journalFile: 'journal.json'});

  it('begins with the verdict', () => {
    expect(markdown.split('\n')[0]).toBe('✔ **Completed**: The hypothesis held before the method and after it.');
    expect(markdown).toContain('`teralab chaos run experiments/slow-identity.yaml --seed 7`');
  });

  it('shows the timeline as bars, with a row of each fault below', () => {
    expect(markdown).toMatch(/^ok {7}█+.{40,}up to 10\d\/s$/m);
    expect(markdown).toMatch(/^fault {4}-{12}#{16}-{32} {2}latency gateway->identity f-3k9$/m);
    expect(markdown).toMatch(/^p99 .*·/m);
  });

  it('has tables whose rows are all as long as their head', () => {
    for (const table of tables(markdown)) expect(new Set(table.map(cellCount)).size).toBe(1);
  });

  it('marks a fault without effect', () => {
    const faults = [{...latencyFault, effect: {verdict: 'none', observed: 'x'}}] as const;
    expect(renderMarkdown(generatedJournal(1, {faults}))).toContain('(f-3k9): **NO EFFECT**');
  });

  it('reads nothing of hostile texts as Markdown or HTML', () => {
    for (let shift = 0; shift < HOSTILE_TEXTS.length; shift++) {
      const text = renderMarkdown(journalOfTexts([...HOSTILE_TEXTS.slice(shift), ...HOSTILE_TEXTS.slice(0, shift)]));
      const outside = text.replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
      expect(outside).not.toMatch(/<[a-zA-Z!/]/);
      expect(outside).not.toMatch(/(?<!\\)\]\((?!journal)/);
      expect(outside).not.toContain('://');
      for (const table of tables(text)) expect(new Set(table.map(cellCount)).size).toBe(1);
      expect(text.split('\n').filter(line => line.startsWith('# '))).toHaveLength(1);
    }
  });

  it('says that there is nothing where a journal is empty', () => {
    expect(renderMarkdown(emptyJournal())).toContain('None was injected.');
    expect(renderMarkdown(emptyJournal())).not.toMatch(/NaN|undefined|Infinity/);
  });
});

function tables(markdown: string): readonly (readonly string[])[] {
  return markdown.split('\n\n').flatMap(part => (part.startsWith('| ') ? [part.trimEnd().split('\n')] : []));
}

function cellCount(row: string): number {
  return row.replace(/\\[^\w\s]/g, '').split('|').length;
}
