import assert from 'node:assert/strict';
import type {UpstreamPolicyTests} from 'teralab/gateway/seams/upstream-policy-tests';

/** An extra task: your tests of `upstream-policy.ts`, by what they say. The brief has an example. */
export const tests: UpstreamPolicyTests = {};
