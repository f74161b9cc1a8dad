import assert from 'node:assert/strict';
import type {HandlerTests} from 'teralab/stream/seams/handler-tests';

/** Redeliveries of every kind, to replicas that live for ever. */
export const tests: HandlerTests = {
  'a redelivery has no effect, soon or late, here or there': async ({deliver, daysPass, effects}) => {
    await deliver([{id: 'a'}, {id: 'b'}]);
    await deliver([{id: 'b'}, {id: 'c'}], {replica: 2});
    await daysPass(400);
    await deliver([{id: 'a'}, {id: 'c'}]);
    assert.equal((await effects()).length, 3);
  },
  'two events that say the same both count, with their position': async ({deliver, effects}) => {
    const says = 'a ride';
    await deliver([
      {id: 'a', says},
      {id: 'b', says},
    ]);
    assert.deepEqual(
      (await effects()).map(({withPosition}) => withPosition),
      [true, true],
    );
  },
};
