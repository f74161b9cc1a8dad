import assert from 'node:assert/strict';
import type {RegistrationTests} from 'teralab/identity/seams/registration-tests';

/** An extra task: your tests of `registration.ts`, by what they say. The brief has an example. */
export const tests: RegistrationTests = {};
