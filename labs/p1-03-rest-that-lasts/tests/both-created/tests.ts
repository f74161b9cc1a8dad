import assert from 'node:assert/strict';
import type {RegistrationTests} from 'teralab/identity/seams/registration-tests';

/** Wants more of a second request than was promised: it may be told that the first is under way. */
export const tests: RegistrationTests = {
  'two at the same instant get the same answer': async ({registerTogether, accounts}) => {
    const [one, other] = await registerTogether({name: 'Ada', key: '1'}, {name: 'Ada', key: '1'});
    assert.equal(one?.status, 201);
    assert.deepEqual(one, other);
    assert.equal((await accounts()).length, 1);
  },
};
