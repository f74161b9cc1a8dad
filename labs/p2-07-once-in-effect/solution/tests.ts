import assert from 'node:assert/strict';
import type {HandlerBench, HandlerTests} from 'teralab/stream/seams/handler-tests';

const [a, b, c] = [{id: 'a'}, {id: 'b'}, {id: 'c'}] as const;

/** Each event of these has taken effect once. */
async function once({effects}: HandlerBench, ...ids: readonly string[]): Promise<void> {
  assert.deepEqual((await effects()).map(({id}) => id).toSorted(), ids);
}

/** One for each way in which an event counts twice, or never. */
export const tests: HandlerTests = {
  'a redelivery to another replica has no effect': async bench => {
    await bench.deliver([a, b]);
    await bench.deliver([a, b], {replica: 2});
    await once(bench, 'a', 'b');
  },
  'a redelivery after a month has none, either': async bench => {
    await bench.deliver([a]);
    await bench.daysPass(31);
    await bench.deliver([a], {replica: 2});
    await once(bench, 'a');
  },
  'batches may be cut otherwise the second time': async bench => {
    await bench.deliver([a, b]);
    await bench.deliver([b, c]);
    await once(bench, 'a', 'b', 'c');
    await bench.deliver([a, c]);
    await once(bench, 'a', 'b', 'c');
  },
  'wherever a replica dies, the next one ends with one effect each': async bench => {
    for (const [index, dies] of (['before-commit', 'after-commit', 'before-ack'] as const).entries()) {
      const event = {id: `event ${index}`};
      assert.equal(await bench.deliver([event], {dies}), 'died');
      assert.equal(await bench.deliver([event]), 'acknowledged');
    }
    await once(bench, 'event 0', 'event 1', 'event 2');
  },
  'two events that say the same both count': async bench => {
    await bench.deliver([
      {id: 'a', says: 'a ride'},
      {id: 'b', says: 'a ride'},
    ]);
    await once(bench, 'a', 'b');
  },
  'an effect comes with its position': async bench => {
    await bench.deliver([a, b]);
    for (const {withPosition} of await bench.effects()) assert.ok(withPosition);
  },
};
