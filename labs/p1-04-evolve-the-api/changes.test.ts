import {expect, it} from 'vitest';
import {createRandom} from '../../src/random.ts';
import {CHANGES, drawChanges, expectedBreaks, measuredBreaks} from './changes.ts';
import type {Exchange} from './clients.ts';

const answer = {id: 'p-1', fullname: 'Ada 12345678', city: 'Tartu'};
const body = {fullname: answer.fullname, city: answer.city, app: '3'};
const recorded: readonly Exchange[] = [
  {method: 'POST', path: '/v1/profiles', body, status: 201, answer},
  {method: 'GET', path: '/v1/profiles/p-1', body: undefined, status: 200, answer},
  {method: 'PUT', path: '/v1/profiles/p-1', body, status: 200, answer},
];

it('has an answer to its question that recorded clients bear out, whatever is drawn', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const wanted = expectedBreaks(createRandom(seed));
    expect(measuredBreaks(drawChanges(createRandom(seed)), recorded)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(5);
  }
  expect(measuredBreaks(CHANGES, recorded)?.length).toBeLessThan(CHANGES.length);
});

it('measures nothing where not every kind of request was recorded, or none was answered well', () => {
  expect(measuredBreaks(CHANGES, recorded.slice(0, 2))).toBeUndefined();
  expect(
    measuredBreaks(
      CHANGES,
      recorded.map(one => ({...one, status: 500})),
    ),
  ).toBeUndefined();
});
