import assert from 'node:assert/strict';
import type {UpstreamPolicyTests} from 'teralab/gateway/seams/upstream-policy-tests';

/** What works when all is well, and that somebody who waits gets an answer some time. */
export const tests: UpstreamPolicyTests = {
  'an answer gets to its caller': async ({ask}) => {
    assert.equal((await ask({patienceMs: 1_000}, {headAfterMs: 10, bodyTakesMs: 10})).outcome, 'answered');
  },
  'a hung upstream is given up': async ({ask}) => {
    assert.notEqual((await ask({patienceMs: 1_000}, {hangs: true})).outcome, 'never');
  },
};
