import {describe, expect, it} from 'vitest';
import {emptyJournal, generatedJournal, HOSTILE_TEXTS, journalOfTexts, latencyFault, longLoad} from '../testing.ts';
import {renderHtml} from './html.ts';

/** The names of all elements, sorted, each once. */
function elements(html: string): readonly string[] {
  return [...new Set([...html.matchAll(/<([a-zA-Z][a-zA-Z0-9]*)/g)].map(([, name = '']) => name))].sort();
}

/** What no report may hold as it stands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Surrogate}]/u;

describe('the HTML of a report', () => {
  const html = renderHtml(generatedJournal(), {journalFile: 'journal.json'});

  it('begins with the verdict, its reason, the seed and the command that repeats it', () => {
    const text = html
      .slice(html.indexOf('<main>'))
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    expect(text).toMatch(/^ ✔ Completed The hypothesis held before the method and after it\. /);
    expect(text).toContain('teralab chaos run experiments/slow-identity.yaml --seed 7');
  });

  it('has all its parts', () => {
    const headings = [...html.matchAll(/<h2 id="([^"]*)"/g)].map(([, id]) => id);
    expect(headings).toEqual([
      'timeline',
      'phases',
      'faults',
      'hypothesis',
      'method',
      'rollbacks',
      'numbers',
      'evidence',
    ]);
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    const body = html.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
    for (const [, end, name = '', rest = ''] of body.matchAll(/<(\/?)([a-zA-Z0-9]+)((?:"[^"]*"|[^">])*)>/g)) {
      if (rest.endsWith('/') || ['meta', 'br'].includes(name)) continue;
      if (end === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it('lets nothing through its policy but its own style and script', () => {
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; base-uri 'none'/,
    );
    expect(html).not.toMatch(/\s(on\w+|style|src)="/);
  });

  it('marks a fault without effect', () => {
    const faults = [{...latencyFault, effect: {verdict: 'none', observed: 'round trip 0.6 ms -> 0.6 ms'}}] as const;
    const text = renderHtml(generatedJournal(1, {faults}));
    expect(text).toContain('<article class="card bad">');
    expect(text).toContain('latency gateway-&gt;identity f-3k9 (no effect)');
    expect(text).toContain('The only fault was not seen to have an effect');
  });

  it('holds the journal itself', () => {
    const journal = generatedJournal();
    const [, text = ''] = /<pre id="journal">([\s\S]*?)<\/pre>/.exec(html) ?? [];
    const entities: Readonly<Record<string, string>> = {
      '&lt;': '<',
      '&gt;': '>',
      '&quot;': '"',
      '&#39;': "'",
      '&amp;': '&',
    };
    expect(JSON.parse(text.replace(/&[^;]+;/g, entity => entities[entity] ?? ''))).toEqual(journal);
  });

  it('makes no element out of hostile texts, in whatever place they are', () => {
    // Each text gets into each place once.
    for (let shift = 0; shift < HOSTILE_TEXTS.length; shift++) {
      const texts = [...HOSTILE_TEXTS.slice(shift), ...HOSTILE_TEXTS.slice(0, shift)];
      const hostile = renderHtml(journalOfTexts(texts));
      const outside = hostile.replace(/<script>[\s\S]*<\/script>|<style>[\s\S]*?<\/style>/g, '');
      expect(elements(outside).filter(name => !elements(html).includes(name))).toEqual([]);
      expect(hostile.match(/<script/g)).toHaveLength(2);
      expect(hostile).not.toMatch(UNSEEN);
    }
  });

  it('does not grow with texts that are endless', () => {
    const {start} = generatedJournal();
    const run = [
      {
        activity: {type: 'probe', name: 'x'.repeat(1e6), provider: {}},
        status: 'failed',
        start,
        end: start,
        duration: 0,
        output: 'y'.repeat(1e6),
        exception: 'z'.repeat(1e6),
      },
    ] as const;
    const text = renderHtml(emptyJournal({run})).replace(/<pre id="journal">[\s\S]*?<\/pre>/, '');
    expect(text.length).toBeLessThan(60_000);
  });

  it('stands 10,000 measurements', () => {
    const long = renderHtml(generatedJournal(1, {load: longLoad(10_000)}));
    const [, path = ''] = /data-line="ok" d="([^"]*)"/.exec(long) ?? [];
    expect(path.match(/[ML]/g)?.length).toBeLessThanOrEqual(421);
    expect(long).toContain('Each point stands for 24 intervals');
    expect(long.replace(/<pre id="journal">[\s\S]*?<\/pre>/, '').length).toBeLessThan(300_000);
  });

  it('says that there is nothing where a journal is empty', () => {
    const html = renderHtml(emptyJournal({status: 'aborted', because: 'It was asked to stop.'}));
    const text = html.replace(/<script>[\s\S]*<\/script>/, '');
    for (const part of ['there was no load', 'None was injected.', 'None was verified.', 'No activity was run.'])
      expect(text).toContain(part);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('shows what is known of a run that was interrupted in its middle', () => {
    const {endedAt: _, endedBy: __, healed: ___, ...active} = latencyFault;
    const {load, steady_states} = generatedJournal();
    const text = renderHtml(
      generatedJournal(1, {
        status: 'interrupted',
        end: null,
        duration: null,
        because: null,
        faults: [{...active, state: 'active'}],
        rollbacks: [],
        run: [],
        steady_states: {...steady_states, during: [], after: null},
        load: load.slice(0, 60),
      }),
    );
    expect(text).toContain('> Interrupted</span>');
    expect(text).toContain('1 fault had not ended when the journal did.');
    expect(text).toContain('not before the journal did');
    expect(text).toContain('After: <strong>not verified</strong>');
    expect(text).toContain('data-window="f-3k9"');
  });

  it('stands figures that no clock or counter would give', () => {
    const [first] = generatedJournal().load;
    if (first === undefined) throw new Error('no load');
    const load = [1e300, -1e300, 8.64e15].map(at => ({...first, at, ok: 1e308}));
    expect(renderHtml(generatedJournal(1, {start: 1e300, end: 2, load}))).toContain('at no known time');
  });

  it('shows no secret', () => {
    const text = renderHtml(generatedJournal(1, {experiment: {title: 'x', configuration: {token: 's3cret'}}}));
    expect(text).not.toContain('s3cret');
  });
});
