import assert from 'node:assert/strict';
import type {UpstreamPolicyTests} from 'teralab/gateway/seams/upstream-policy-tests';

const PATIENCE_MS = 1_000;

/** Every case, with one and the same caller. */
export const tests: UpstreamPolicyTests = {
  'a hung upstream is given up in time, and is off the wire': async ({ask}) => {
    const {endedAtMs, sends} = await ask({patienceMs: PATIENCE_MS}, {hangs: true});
    assert.ok(endedAtMs !== null && endedAtMs <= PATIENCE_MS);
    for (const send of sends) assert.ok(send.endedAtMs !== null && send.atMs < PATIENCE_MS);
  },
  'so is a body that drips': async ({ask}) => {
    const {endedAtMs} = await ask({patienceMs: PATIENCE_MS}, {bodyTakesMs: 4_000});
    assert.ok(endedAtMs !== null && endedAtMs <= PATIENCE_MS);
  },
  'a slow answer is waited for': async ({ask}) => {
    assert.equal((await ask({patienceMs: PATIENCE_MS}, {headAfterMs: 600})).outcome, 'answered');
  },
  'a lost answer is asked for again': async ({ask}) => {
    assert.equal((await ask({patienceMs: PATIENCE_MS}, {lost: true}, {})).outcome, 'answered');
  },
};
