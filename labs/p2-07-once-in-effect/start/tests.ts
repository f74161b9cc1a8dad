import assert from 'node:assert/strict';
import type {HandlerTests} from 'teralab/stream/seams/handler-tests';

/** An extra task: your tests of `handler.ts`, by what they say. The brief has an example. */
export const tests: HandlerTests = {};
