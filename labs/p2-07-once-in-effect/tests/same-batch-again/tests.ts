import assert from 'node:assert/strict';
import type {HandlerTests} from 'teralab/stream/seams/handler-tests';

/** One batch of one event, again and again. */
export const tests: HandlerTests = {
  'a batch that comes again has no effect': async ({deliver, effects}) => {
    await deliver([{id: 'a'}]);
    await deliver([{id: 'a'}]);
    assert.equal((await effects()).length, 1);
  },
  'nor has it after a death': async ({deliver, effects}) => {
    for (const dies of ['before-commit', 'after-commit', 'before-ack'] as const) await deliver([{id: 'a'}], {dies});
    await deliver([{id: 'a'}]);
    assert.deepEqual(await effects(), [{id: 'a', withPosition: true}]);
  },
};
