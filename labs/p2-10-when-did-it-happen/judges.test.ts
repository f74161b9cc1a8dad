import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import type {CreateWindows, Windows} from '../../services/stream/seams/window.ts';
import type {Judgement} from '../../src/labs/verdict.ts';
import type {Seen} from './evidence.ts';
import {oracleOf} from './evidence.ts';
import lab from './lab.ts';
import {simulate} from './simulate.fixture.ts';

const SEEDS = [1, 2, 3];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function windowsOf(variant: string): Promise<CreateWindows> {
  const file = new URL(`./${variant}/window.ts`, import.meta.url).href;
  return ((await import(/* @vite-ignore */ file)) as {createWindows: CreateWindows}).createWindows;
}

async function judge(
  variant: string,
  seed: number,
  change?: (windows: Windows<unknown>) => Windows<unknown>,
): Promise<Readonly<Record<string, Judgement>>> {
  return verdictsOf(await seenOf(variant, seed, change));
}

async function seenOf(
  variant: string,
  seed: number,
  change: (windows: Windows<unknown>) => Windows<unknown> = windows => windows,
): Promise<Seen> {
  const createWindows = await windowsOf(variant);
  return simulate(
    terms => change(createWindows(terms)),
    seed,
    ms => void vi.setSystemTime(ms),
  );
}

function verdictsOf(seen: Seen): Readonly<Record<string, Judgement>> {
  return Object.fromEntries(lab.tasks.map(task => [task.id, task.judge(seen)]));
}

describe('the judges of windows, over simulated runs', () => {
  it.each(SEEDS)('pass the solution, and hardly an event is left open: seed %i', async seed => {
    const verdicts = await judge('solution', seed);
    for (const [task, judgement] of Object.entries(verdicts))
      expect([task, judgement]).toMatchObject([task, {verdict: 'pass'}]);
    const createWindows = await windowsOf('solution');
    const due = [...oracleOf(simulate(createWindows, seed, ms => void vi.setSystemTime(ms))).due.values()];
    expect(due.filter(one => one === 'either').length).toBeLessThan(due.length * 0.15);
    expect(due.filter(one => one === 'late by silence').length).toBeGreaterThanOrEqual(3);
    expect(due.filter(one => one === 'late').length).toBeGreaterThanOrEqual(20);
  });

  it.each(lab.wrong.map(({name, task, code}) => ({name, task, code})))(
    'refuse $name with $task/$code',
    async ({name, task, code}) => {
      for (const seed of SEEDS)
        expect([seed, (await judge(`wrong/${name}`, seed))[task]]).toMatchObject([seed, {code}]);
    },
  );

  it('refuse the start', async () => {
    const verdicts = await judge('start', 1);
    expect(verdicts['windows-equal']).toMatchObject({code: 'WRONG_WINDOW'});
    expect(verdicts['replay-equal']).toMatchObject({code: 'REPLAY_DIFFERS'});
  });

  it.each<[string, string, string, (right: Windows<unknown>) => Partial<Windows<unknown>>]>([
    ['calls every window final', 'final-stays', 'FINAL_CHANGED', () => ({clock: () => 8e15})],
    ['calls no window final', 'silence', 'CLOCK_STANDS', () => ({clock: () => null})],
    ['has no clock', 'final-stays', 'NEVER_FINAL', () => ({clock: () => null})],
    [
      'shows the time up to which windows are final in place of its clock',
      'final-stays',
      'NEVER_FINAL',
      right => ({clock: state => (right.clock(state) ?? 0) - 30_000}),
    ],
    [
      'shows a clock that runs ahead',
      'final-stays',
      'FINAL_CHANGED',
      right => ({clock: state => (right.clock(state) ?? 0) + 50_000}),
    ],
    [
      'puts everything aside',
      'late-exact',
      'ON_TIME_CALLED_LATE',
      right => ({add: (...all) => ({...right.add(...all), countAt: null})}),
    ],
    [
      'counts what is late in the window of now',
      'windows-equal',
      'WRONG_WINDOW',
      right => ({
        add: (state, event) => {
          const placed = right.add(state, event);
          return {...placed, countAt: placed.countAt ?? right.clock(state)};
        },
      }),
    ],
    [
      'waits for nobody who is silent, read or not',
      'late-exact',
      'ON_TIME_CALLED_LATE',
      right => ({rest: (state, {now}) => right.rest(state, {drained: [0, 1, 2, 3, 4, 5, 6, 7], now})}),
    ],
  ])('refuse code that %s', async (_, task, code, change) => {
    for (const seed of SEEDS) {
      const verdicts = await judge('solution', seed, right => ({...right, ...change(right)}));
      expect([seed, verdicts[task]]).toMatchObject([seed, {code}]);
    }
  });
});

describe('the judges of windows, over a sound run of which one thing is changed', () => {
  it('miss an event that is neither counted nor put aside, and one that is counted twice', async () => {
    const seen = await seenOf('solution', 1);
    const {made} = seen.final;
    const [[second, count] = ['', 0]] = Object.entries(made.seconds);
    const judged = (change: Partial<typeof made>, isBusy = false) =>
      verdictsOf({
        ...{...seen, control: {...seen.control, busy: isBusy}},
        final: {...seen.final, made: {...made, ...change}},
      })['windows-equal']?.code;
    expect(judged({})).toBeNull();
    expect(judged({late: made.late.slice(1)})).toBe('EVENTS_MISSING');
    expect(judged({seconds: {...made.seconds, [second]: count + 1}})).toBe('EVENTS_MISSING');
    // None is missing, and one is in the wrong place.
    const moved = {[second]: count - 1, [Number(second) + 86_400_000]: 1};
    expect(judged({seconds: {...made.seconds, ...moved}})).toBe('WRONG_WINDOW');
    expect(judged({seconds: {}, late: []})).toBe('EVENTS_MISSING');
    expect([judged({late: made.late.slice(1)}, true), judged({seconds: {}, late: []}, true)]).toEqual([
      'BUSY_MACHINE',
      'EVENTS_MISSING',
    ]);
  });

  it('want the replay to end, and its end to be the same', async () => {
    const seen = await seenOf('solution', 1);
    const judged = (change: Partial<Seen['final']>, isBusy = false) =>
      verdictsOf({
        ...{...seen, control: {...seen.control, busy: isBusy}},
        final: {...seen.final, ...change},
      })['replay-equal'];
    const failed = {rebuild: {state: 'failed', reason: 'Reduce of empty array', events: 0}} as const;
    expect(judged(failed)).toMatchObject({code: 'REPLAY_FAILED', observed: expect.stringContaining('empty array')});
    const unfinished = {rebuild: {state: 'unfinished', reason: null, events: 9}} as const;
    expect(judged(unfinished)?.code).toBe('REPLAY_FAILED');
    expect([judged(failed, true)?.code, judged(unfinished, true)?.code]).toEqual(['REPLAY_FAILED', 'BUSY_MACHINE']);
    expect(judged({again: {seconds: {}, late: []}})?.code).toBe('REPLAY_DIFFERS');
  });

  it('pass nothing where nothing was published, and nobody looked', async () => {
    const seen = await seenOf('solution', 1);
    const nothing = {seconds: {}, late: []};
    const final = {...seen.final, log: [], made: nothing, again: nothing};
    for (const [task, judgement] of Object.entries(verdictsOf({...seen, attack: [], replay: [], final})))
      expect([task, judgement.code]).toEqual([task, 'NOTHING_TO_JUDGE']);
    const unseen = verdictsOf({...seen, attack: [], replay: []});
    expect([unseen.silence?.code, unseen['final-stays']?.code]).toEqual(['NOTHING_TO_JUDGE', 'NOTHING_TO_JUDGE']);
  });
});
