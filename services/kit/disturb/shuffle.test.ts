import fc from 'fast-check';
import {expect, it} from 'vitest';
import type {Delivery, Settlement} from '../broker.ts';
import {createDraw} from './draw.ts';
import {chooseAgain} from './redeliver.ts';
import {shuffleWindows} from './shuffle.ts';

const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), {maxLength: 60});
const delivery = (key: string, position: number): Delivery => ({
  id: `m${position}`,
  key,
  type: 't',
  data: null,
  stream: 's',
  partition: 0,
  position,
  deliveries: 1,
  publishedAt: 0,
});

it('hands over every message once, moves none by a window, and keeps the order of each key', () => {
  fc.assert(
    fc.property(keys, fc.integer({min: 1, max: 12}), fc.nat(), (names, window, seed) => {
      const order = shuffleWindows(names, window, createDraw(seed));
      expect(order.toSorted((a, b) => a - b)).toEqual(names.map((_, index) => index));
      for (const [place, index] of order.entries()) expect(Math.abs(place - index)).toBeLessThan(window);
      for (const key of new Set(names)) {
        const own = order.filter(index => names[index] === key);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
      expect(shuffleWindows(names, window, createDraw(seed))).toEqual(order);
    }),
  );
});

it('moves most messages of different keys, and none of a single one', () => {
  const many = Array.from({length: 400}, (_, index) => `k${index}`);
  const moved = shuffleWindows(many, 8, createDraw(1)).filter((index, place) => index !== place).length;
  expect(moved).toBeGreaterThan(300);
  expect(shuffleWindows(Array(9).fill('k'), 4, createDraw(1))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

it('draws evenly, and other numbers for other seeds', () => {
  const draws = Array.from({length: 10_000}, createDraw(5));
  expect(draws.filter(value => value < 0.2).length / draws.length).toBeCloseTo(0.2, 1);
  expect(draws.slice(0, 3)).not.toEqual(Array.from({length: 3}, createDraw(6)));
});

it('delivers again only what is done, and never a message of a key without those behind it', () => {
  const settle = fc.constantFrom<Settlement | undefined>(
    {settle: 'ack'},
    {settle: 'ack'},
    {settle: 'term', reason: 'x'},
    {settle: 'nak'},
    undefined,
  );
  const batches = fc.array(fc.record({key: fc.constantFrom('a', 'b', 'c'), settlement: settle}), {maxLength: 40});
  fc.assert(
    fc.property(batches, fc.nat(), fc.double({min: 0, max: 1, noNaN: true}), (entries, seed, share) => {
      const batch = entries.map(({key}, index) => delivery(key, index));
      const settlements = entries.map(({settlement}) => settlement);
      const draw = createDraw(seed);
      const again = chooseAgain(batch, settlements, () => draw() < share);
      const waits = settlements.findIndex(one => one === undefined || one.settle === 'nak');
      for (const index of again) {
        expect(settlements[index]?.settle).toBe('ack');
        if (waits !== -1) expect(index).toBeLessThan(waits);
        const behind = batch.flatMap(({key}, other) =>
          other > index &&
          key === batch[index]?.key &&
          settlements[other]?.settle === 'ack' &&
          (waits === -1 || other < waits)
            ? [other]
            : [],
        );
        expect(again).toEqual(expect.arrayContaining(behind));
      }
      expect(again).toEqual(again.toSorted((a, b) => a - b));
    }),
  );
});
