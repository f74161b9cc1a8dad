import {expect, it} from 'vitest';
import {createManualClock} from '../kit/testing/manual-clock.ts';
import {createSlots} from './slots.ts';

it('begins no more than it has places for, in the order in which they came', async () => {
  const {slots, begin} = create({atOnce: 2});
  const works = ['a', 'b', 'c', 'd'].map(name => begin(name, slots.run));
  await settled();
  expect(names(works)).toEqual(['a', 'b']);
  works[1]?.end();
  await settled();
  expect(names(works)).toEqual(['a', 'b', 'c']);
});

it('lets a place rest for as long as its work took, and does not make the answer wait for it', async () => {
  const {slots, clock, begin} = create({atOnce: 1});
  const [first, second] = [begin('first', slots.runAndRest), begin('second', slots.run)];
  await settled();
  clock.advance(20);
  first.end();
  await first.done;
  clock.advance(19);
  await settled();
  expect(second.hasBegun()).toBe(false);
  clock.advance(1);
  await settled();
  expect(second.hasBegun()).toBe(true);
});

it('rests after work that failed, too', async () => {
  const {slots, clock, begin} = create({atOnce: 1});
  const failed = slots.runAndRest(undefined, async () => {
    clock.advance(20);
    throw new Error('failed');
  });
  const next = begin('next', slots.run);
  await expect(failed).rejects.toThrow('failed');
  await settled();
  expect(next.hasBegun()).toBe(false);
  clock.advance(20);
  await settled();
  expect(next.hasBegun()).toBe(true);
});

it('refuses what there is no room for with the time to come back, and does not begin what is too late', async () => {
  const {slots, clock, begin} = create({atOnce: 1, waitingMax: 1});
  const first = begin('first', slots.run);
  const late = slots.run(clock.now() + 10, async () => 'begun');
  const refused = {status: 429, kind: 'too-busy', headers: {'retry-after': '1'}};
  await expect(slots.run(undefined, async () => 'begun')).rejects.toMatchObject(refused);
  await expect(slots.runAndRest(undefined, async () => 'begun')).rejects.toMatchObject(refused);
  clock.advance(10);
  first.end();
  await expect(late).rejects.toMatchObject({status: 504});
  expect(await slots.run(undefined, async () => 'begun')).toBe('begun');
});

function create({atOnce, waitingMax = 10}: {readonly atOnce: number; readonly waitingMax?: number}) {
  const clock = createManualClock();
  const slots = createSlots({atOnce, waitingMax, clock});
  /** Work that goes on until it is ended. */
  const begin = (name: string, run: (typeof slots)['run']) => {
    const {promise: ended, resolve: end} = withResolvers();
    let begun = false;
    const done = run(undefined, async () => {
      begun = true;
      await ended;
    });
    return {name, end, done, hasBegun: () => begun};
  };
  return {slots, clock, begin};
}

function withResolvers(): {readonly promise: Promise<void>; readonly resolve: () => void} {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(settle => {
    resolve = settle;
  });
  return {promise, resolve};
}

function names(works: readonly {readonly name: string; hasBegun(): boolean}[]): readonly string[] {
  return works.filter(work => work.hasBegun()).map(({name}) => name);
}

/** Whatever can go on without anything from outside has gone on. */
async function settled(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}
