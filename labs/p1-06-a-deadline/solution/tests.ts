import assert from 'node:assert/strict';
import type {UpstreamPolicyTests} from 'teralab/gateway/seams/upstream-policy-tests';

const CALLERS = [200, 400, 1_300];
const EDGE_MS = 20;

/** One for each way in which a deadline is missed. */
export const tests: UpstreamPolicyTests = {
  'a hung upstream is given up when its caller stops waiting, however long that is': async ({ask}) => {
    for (const patienceMs of CALLERS) {
      const {outcome, endedAtMs} = await ask({patienceMs}, {hangs: true});
      assert.equal(outcome, 'failed');
      assert.ok(endedAtMs !== null && endedAtMs <= patienceMs + EDGE_MS);
    }
  },
  'a request that nobody waits for is off the wire': async ({ask}) => {
    const {sends} = await ask({patienceMs: 400}, {hangs: true});
    for (const {endedAtMs} of sends) assert.ok(endedAtMs !== null && endedAtMs <= 400 + EDGE_MS);
  },
  'a body that drips ends with the deadline, too': async ({ask}) => {
    const {outcome, endedAtMs} = await ask({patienceMs: 400}, {headAfterMs: 5, bodyTakesMs: 4_000});
    assert.equal(outcome, 'failed');
    assert.ok(endedAtMs !== null && endedAtMs <= 400 + EDGE_MS);
  },
  'no request begins after the deadline': async ({ask}) => {
    for (const upstream of [{hangs: true}, {headAfterMs: 390, lost: true}] as const) {
      const {sends} = await ask({patienceMs: 400}, upstream);
      for (const {atMs} of sends) assert.ok(atMs < 400);
    }
  },
  'who waits long enough gets a slow answer': async ({ask}) => {
    const {outcome} = await ask({patienceMs: 1_300}, {headAfterMs: 1_100, bodyTakesMs: 100});
    assert.equal(outcome, 'answered');
  },
  'a read whose answer was lost is sent again, and a write is not': async ({ask}) => {
    const read = await ask({patienceMs: 400}, {headAfterMs: 10, lost: true}, {});
    assert.equal(read.outcome, 'answered');
    const write = await ask({patienceMs: 400, safeToRepeat: false}, {headAfterMs: 10, lost: true}, {});
    assert.equal(write.sends.length, 1);
  },
};
