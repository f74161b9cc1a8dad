import assert from 'node:assert/strict';
import type {UpstreamPolicyTests} from 'teralab/gateway/seams/upstream-policy-tests';

/** Holds the reference to what it happens to do: two tries, no pause. Another right solution does otherwise. */
export const tests: UpstreamPolicyTests = {
  'a hung upstream is given up at the deadline': async ({ask}) => {
    const {endedAtMs, sends} = await ask({patienceMs: 400}, {hangs: true});
    assert.equal(endedAtMs, 400);
    assert.deepEqual(sends, [{atMs: 0, endedAtMs: 400, ended: 'aborted'}]);
  },
  'a body that drips ends with it': async ({ask}) => {
    assert.equal((await ask({patienceMs: 400}, {bodyTakesMs: 4_000})).endedAtMs, 400);
  },
  'a slow answer is waited for': async ({ask}) => {
    assert.equal((await ask({patienceMs: 1_300}, {headAfterMs: 1_200})).outcome, 'answered');
  },
  'a lost answer is asked for a second time, at once, and no third time': async ({ask}) => {
    const {sends} = await ask({patienceMs: 400}, {lost: true});
    assert.deepEqual(
      sends.map(({atMs}) => atMs),
      [0, 1],
    );
  },
};
