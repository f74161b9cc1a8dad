import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {finishInterrupted} from './interrupted.ts';
import {foldEvent, type JournalState} from './journal-events.ts';
import {fakeRun, journalOf, readExperiment, virtualClock} from './testing.ts';
import {outcomeOf} from './verdict.ts';

const WHOLE = `
title: whole
steady-state-hypothesis:
  title: ready
  probes:
    - {type: probe, name: all-ready, provider: {type: teralab, probe: status}}
method:
  - {type: action, name: slow, provider: {type: teralab, fault: latency, target: identity, latency: 1s, for: 20s}}
  - {type: action, name: do, provider: {type: process, path: do}}
rollbacks:
  - {type: action, name: first, provider: {type: process, path: first}}
  - {type: action, name: second, provider: {type: process, path: second}}
`;

const wholeOf = (journal: {status: string; deviated: boolean}) => ({
  status: journal.status,
  deviated: journal.deviated,
});

describe('runExperiment', () => {
  it('verifies, does, lets faults have their time, rolls back and verifies again', async () => {
    const {result, system, programs, events} = await fakeRun(WHOLE);
    expect(wholeOf(result.journal)).toEqual({status: 'completed', deviated: false});
    expect(system.calls).toEqual(['probe status', 'inject latency on identity', 'probe status']);
    expect(programs).toEqual(['do at 0', 'first at 20000', 'second at 20000']);
    expect(result.journal.faults).toMatchObject([{id: 'f-1', state: 'ended', endedBy: 'time'}]);
    expect(result.journal.run.map(({fault}) => fault)).toEqual(['f-1', undefined]);
    expect(outcomeOf(result.journal, result.doubts)).toBe('ok');
    expect(journalOf(events)).toEqual(JSON.parse(JSON.stringify(result.journal)));
  });

  it('does nothing when the hypothesis does not hold before', async () => {
    const {result, system, programs} = await fakeRun(WHOLE, {probe: () => 'identity-1 crashed'});
    expect(wholeOf(result.journal)).toEqual({status: 'failed', deviated: false});
    expect(result.journal.because).toMatch(/did not hold before the method.*identity-1 crashed/);
    expect([system.calls, programs]).toEqual([['probe status'], []]);
    expect(outcomeOf(result.journal, result.doubts)).toBe('fail');
  });

  it('deviates when it does not hold afterwards', async () => {
    const {result} = await fakeRun(WHOLE, {probe: times => (times === 0 ? 'ready' : 'stream-1 crashed')});
    expect(wholeOf(result.journal)).toEqual({status: 'completed', deviated: true});
    expect(result.journal.because).toContain('stream-1 crashed');
    expect(outcomeOf(result.journal, result.doubts)).toBe('fail');
  });

  it('heals and tries every rollback when an action fails, and when a rollback does', async () => {
    const failing = (path: string): number => {
      if (path === 'do' || path === 'first') throw new Error(`${path} is broken`);
      return 0;
    };
    const {result, system, programs} = await fakeRun(WHOLE, {program: failing});
    expect(result.journal).toMatchObject({status: 'failed', because: 'do failed: do is broken'});
    expect(system.calls.at(-2)).toBe('clear latency');
    expect(programs.map(line => line.split(' ')[0])).toEqual(['do', 'first', 'second']);
    expect(result.journal.rollbacks.map(({status}) => status)).toEqual(['failed', 'succeeded']);
    expect(result.journal.steady_states.after).not.toBeNull();
  });

  it('heals and rolls back when it is stopped, and verifies no more', async () => {
    const {result, system, programs} = await fakeRun(WHOLE, {abortAfterMs: 5000});
    expect(result.journal).toMatchObject({status: 'aborted', duration: 5000, steady_states: {after: null}});
    expect(system.calls).toEqual(['probe status', 'inject latency on identity', 'clear latency']);
    expect(programs).toEqual(['do at 0', 'first at 5000', 'second at 5000']);
    expect(outcomeOf(result.journal, result.doubts)).toBe('interrupted');
  });

  it('plays rollbacks as the file asks', async () => {
    const played = async (strategy: string, probe: (times: number) => string): Promise<number> =>
      (await fakeRun(`${WHOLE}\nruntime: {rollbacks: {strategy: ${strategy}}}`, {probe})).result.journal.rollbacks
        .length;
    const never = (): string => 'no';
    const first = (times: number): string => (times === 0 ? 'ready' : 'no');
    expect(await Promise.all([played('never', first), played('always', never), played('default', never)])).toEqual([
      0, 2, 0,
    ]);
    expect(await Promise.all([played('deviated', first), played('deviated', () => 'ready')])).toEqual([2, 0]);
  });

  it('begins activities at their time, and those in the background without holding up the next', async () => {
    const {programs, result} = await fakeRun(`
title: t
method:
  - {type: action, name: late, at: 9s, provider: {type: process, path: late}}
  - {type: action, name: a, provider: {type: process, path: a}, pauses: {before: 1, after: 2}}
  - {type: action, name: b, background: true, provider: {type: process, path: b}, pauses: {before: 4}}
  - {type: action, name: c, at: 500ms, provider: {type: process, path: c}}
  - {type: action, name: d, provider: {type: process, path: d}}
`);
    expect(programs).toEqual(['c at 500', 'a at 1000', 'd at 3000', 'b at 7000', 'late at 9000']);
    expect(result.journal).toMatchObject({
      status: 'completed',
      duration: 9000,
      because: expect.stringContaining('no hypothesis'),
    });
  });

  it('asks a probe that has time until its tolerance holds, and no longer', async () => {
    const text = (within: string): string => `
title: t
method:
  - {type: probe, name: p, tolerance: 3, provider: {type: teralab, probe: metric, node: a-1, metric: restarts, within: ${within}}}
`;
    const counting = {probe: (times: number) => times + 1};
    const enough = await fakeRun(text('5s'), counting);
    expect(enough.result.journal).toMatchObject({
      deviated: false,
      run: [{output: 3, tolerance_met: true, duration: 600}],
    });
    const short = await fakeRun(text('300ms'), counting);
    expect(short.result.journal).toMatchObject({deviated: true, run: [{output: 2, tolerance_met: false}]});
  });

  it('verifies while the method runs where the file asks for it', async () => {
    const {result} = await fakeRun(`${WHOLE}\nruntime: {hypothesis: {strategy: continuously, frequency: 5}}`, {
      probe: times => (times === 2 ? 'identity-1 paused' : 'ready'),
    });
    const {before, during, after} = result.journal.steady_states;
    expect(during.map(({steady_state_met: met}) => met).slice(0, 3)).toEqual([true, false, true]);
    expect([before?.steady_state_met, after?.steady_state_met, result.journal.deviated]).toEqual([true, true, true]);
  });

  it('doubts a run whose fault had no effect, failed, or was ended by somebody else', async () => {
    const doubts = async (change: object): Promise<readonly string[]> =>
      (await fakeRun(WHOLE, {inject: () => change})).result.doubts;
    expect(await doubts({effect: {verdict: 'none', observed: 'as before'}})).toEqual([
      'latency on identity had no effect: as before.',
    ]);
    expect(
      await doubts({state: 'failed', effect: {verdict: 'none', observed: 'it was taken away before its end'}}),
    ).toEqual(['latency on identity failed: it was taken away before its end.']);
    expect(await doubts({state: 'ended', endedBy: 'clear', endedAt: 1_000_001})).toEqual([
      'latency on identity was ended by somebody else before its time.',
    ]);
    const {result} = await fakeRun(WHOLE, {inject: () => ({effect: {verdict: 'none', observed: 'as before'}})});
    expect(outcomeOf(result.journal, result.doubts)).toBe('inconclusive');
  });

  it('does not doubt what it has cleared itself', async () => {
    const {result, system} = await fakeRun(`
title: t
method:
  - {type: action, name: slow, provider: {type: teralab, fault: latency, target: identity, latency: 1s, for: 60s}}
  - {type: action, name: heal, at: 5s, provider: {type: teralab, clear: slow}}
`);
    expect([result.doubts, result.journal.duration]).toEqual([[], 5000]);
    expect(system.calls).toEqual(['inject latency on identity', 'clear latency']);
  });

  it('draws the same from the same seed, and something else for another fault or seed', async () => {
    const two = WHOLE.replace(
      'rollbacks:',
      '  - {type: action, name: b, provider: {type: teralab, fault: pause, target: x, for: 1s}}\nrollbacks:',
    );
    const seeds = async (seed: number): Promise<readonly number[]> =>
      (await fakeRun(two, {seed})).result.journal.faults.map(fault => fault.seed);
    const first = await seeds(1);
    expect(await seeds(1)).toEqual(first);
    expect(new Set([...first, ...(await seeds(2))]).size).toBe(4);
  });

  it('prepares loads before the clock of the method begins to run', async () => {
    const {system} = await fakeRun(`
title: t
method:
  - {type: action, name: slow, provider: {type: teralab, fault: latency, target: identity, latency: 1s, for: 5s}}
  - {type: action, name: load, at: 2s, provider: {type: teralab, load: mixed, rate: 5/s, for: 5s}}
`);
    expect(system.calls).toEqual(['prepare mixed', 'inject latency on identity', 'load mixed']);
  });

  it('heals and rolls back although the journal cannot be written any more, and tells that then', async () => {
    const calls: string[] = [];
    let isFull = false;
    const full = fakeRun(WHOLE, {
      program: path => {
        calls.push(path);
        isFull = true;
        return 0;
      },
      writes: () => {
        if (isFull) throw new Error('the disk is full');
      },
    });
    await expect(full).rejects.toThrow('the disk is full');
    expect(calls).toEqual(['do', 'first', 'second']);
  });

  it('keeps secrets out of the journal', async () => {
    const {events, result} = await fakeRun(
      `
title: t
secrets: {api: {token: {type: env, key: TOKEN}}}
method:
  - {type: probe, name: p, provider: {type: process, path: echo, arguments: ["\${token}"]}}
`,
      {environment: {TOKEN: 'hush-hush'}},
    );
    expect(result.journal.run).toMatchObject([{status: 'succeeded', output: {stdout: '["***"]'}}]);
    expect(JSON.stringify(events)).not.toContain('hush-hush');
  });
});

describe('a run whose runner was killed', () => {
  it('has a journal at every moment, and its rollbacks are played from where they were left', async () => {
    const {events} = await fakeRun(WHOLE);
    const {mkdtemp, rm, writeFile} = await import('node:fs/promises');
    const {tmpdir} = await import('node:os');
    const {join} = await import('node:path');
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 1, max: events.length - 1}), async kept => {
        const folder = await mkdtemp(join(tmpdir(), 'journal-'));
        try {
          const before = events.slice(0, kept);
          let state: JournalState | undefined;
          for (const event of before) state = foldEvent(state, event);
          if (state === undefined) throw new Error('there is no journal');
          expect(state.journal.status).toBe('running');
          await writeFile(
            join(folder, 'events.jsonl'),
            `${before.map(event => JSON.stringify(event)).join('\n')}\n{"type":"to`,
          );
          const programs: string[] = [];
          const journal = await finishInterrupted(
            {record: {id: 'run', folder, workspace: '', runner: {pid: 1, startTime: ''}}, state, how: 'left'},
            readExperiment(WHOLE),
            writer => ({
              clock: virtualClock(),
              system: undefined,
              http: async () => Promise.reject(new Error('nobody asks')),
              process: async ({path}) => {
                programs.push(path);
                return {status: 0, stdout: '', stderr: ''};
              },
              ledger: async () => [],
              write: writer.write,
              progress: () => undefined,
            }),
          );
          const begun = before.some(({type}) => type === 'doing');
          const done = before.filter(event => event.type === 'activity' && event.part === 'rollbacks').length;
          expect(programs).toEqual(begun ? ['first', 'second'].slice(done) : []);
          expect(journal).toMatchObject({
            status: 'interrupted',
            because: expect.stringMatching(/^Its runner was killed/),
          });
          const {readEvents} = await import('./journal-files.ts');
          expect((await readEvents(join(folder, 'events.jsonl')))?.journal).toEqual(
            JSON.parse(JSON.stringify(journal)),
          );
        } finally {
          await rm(folder, {recursive: true});
        }
      }),
      {numRuns: 15},
    );
  });
});
