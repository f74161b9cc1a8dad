import {describe, expect, it} from 'vitest';
import {crashFault, emptyJournal, generatedJournal, latencyFault, START} from '../testing.ts';
import {faultFacts} from './fault-facts.ts';
import {biteOf} from './fault-windows.ts';
import {outcomeOf} from './outcome.ts';
import {phasesOf} from './phases.ts';
import {repeatCommand} from './repeat.ts';
import {spanOf} from './span.ts';

describe('the outcome of an experiment', () => {
  it.each([
    [{status: 'completed'}, 'Completed', 'good'],
    [{status: 'completed', deviated: true}, 'Deviated', 'bad'],
    [{status: 'failed', deviated: true}, 'Deviated', 'bad'],
    [{status: 'failed'}, 'Failed', 'bad'],
    [{status: 'aborted', deviated: true}, 'Aborted', 'warn'],
    [{status: 'interrupted', end: null}, 'Interrupted', 'warn'],
    [{status: 'running', end: null, because: null}, 'Not finished', 'warn'],
  ] as const)('of %j is %s', (changes, word, look) => {
    expect(outcomeOf(generatedJournal(1, changes))).toMatchObject({word, look});
  });

  it('gives the reason of the journal, and one of its own where there is none', () => {
    expect(outcomeOf(generatedJournal(1, {because: 'So it was.'})).because).toBe('So it was.');
    expect(outcomeOf(generatedJournal(1, {because: null})).because).toMatch(/^The hypothesis held .*\.$/);
  });

  it('doubts faults that nobody saw biting, or ending', () => {
    const {endedAt: _, ...endless} = crashFault;
    const toothless = {...latencyFault, effect: {verdict: 'none', observed: 'round trip 0.6 ms'}} as const;
    const {doubts} = outcomeOf(generatedJournal(1, {faults: [toothless, endless]}));
    expect(doubts).toContain('1 of 2 faults was not seen to have an effect: that the system stood it proves nothing.');
    expect(doubts).toContain('1 fault had not ended when the journal did.');
  });

  it('doubts what was not verified and what had no load', () => {
    expect(outcomeOf(emptyJournal()).doubts).toHaveLength(2);
  });
});

describe('a fault in a report', () => {
  it('bites only when that was measured', () => {
    const {effect: _, ...unmeasured} = latencyFault;
    const {appliedAt: __, ...unapplied} = latencyFault;
    const pending = {...latencyFault, effect: {verdict: 'pending', observed: ''}} as const;
    expect([latencyFault, unmeasured, unapplied, pending].map(fault => biteOf(fault).word)).toEqual([
      'bites',
      'not measured',
      'not applied',
      'not seen yet',
    ]);
  });

  it('has its planned end beside the actual one, and says which came first', () => {
    const facts = Object.fromEntries(faultFacts(crashFault, START, START + 60_000));
    expect(facts).toMatchObject({
      'in force': '+36 s to +44 s, 8 s',
      'planned end': '+48 s (2026-11-27 06:26:10 UTC)',
      ended: '+44 s, 4 s early, by being cleared',
      'measured effect': '5 of 5 probes refused',
    });
    expect(Object.fromEntries(faultFacts(latencyFault, START, START + 60_000)).ended).toBe('+27 s, on time, by itself');
  });
});

describe('the parts of an experiment', () => {
  it('are before, during, each fault, between and after', () => {
    expect(phasesOf(generatedJournal()).map(({name, lastedMs}) => [name, lastedMs])).toEqual([
      ['before any fault', 12_000],
      ['while a fault was in force', 24_000],
      ['– latency f-3k9', 16_000],
      ['– crash f-x7p', 8000],
      ['between faults', 8000],
      ['after the last fault', 13_000],
    ]);
  });

  it('count every operation once', () => {
    const journal = generatedJournal();
    const parts = phasesOf(journal).filter(({name}) => !name.startsWith('–'));
    const overall = journal.load.filter(({route}) => route === '*');
    expect(parts.reduce((sum, {ok}) => sum + ok, 0)).toBe(overall.reduce((sum, {ok}) => sum + ok, 0));
  });

  it('reach to the last thing that is known where the journal has no end', () => {
    const {load} = generatedJournal();
    expect(spanOf(emptyJournal({end: null, load})).to).toBe(START + 60_000);
    expect(spanOf(emptyJournal({end: null}))).toEqual({from: START, to: START});
  });
});

describe('the command that repeats an experiment', () => {
  it('can be pasted into a shell, whatever the file is called', () => {
    expect(repeatCommand({file: 'a/b.yaml', seed: 7})).toBe('teralab chaos run a/b.yaml --seed 7');
    expect(repeatCommand({file: "it's $(x).yaml", seed: 7})).toBe("teralab chaos run 'it'\\''s $(x).yaml' --seed 7");
    expect(repeatCommand({file: '-x.yaml', seed: 7})).toBe('teralab chaos run ./-x.yaml --seed 7');
  });
});
