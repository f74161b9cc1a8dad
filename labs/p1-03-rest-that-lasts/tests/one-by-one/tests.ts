import assert from 'node:assert/strict';
import type {RegistrationTests} from 'teralab/identity/seams/registration-tests';

/** All about keys, one request after the other. */
export const tests: RegistrationTests = {
  'who asks again gets the first answer': async ({register, accounts}) => {
    const first = await register({name: 'Ada', key: '1'});
    assert.deepEqual(await register({name: 'Ada', key: '1'}), first);
    assert.equal((await accounts()).length, 1);
  },
  'another payload is refused, another client is not, nor is another key': async ({register, accounts}) => {
    await register({name: 'Ada', key: '1'});
    assert.equal((await register({name: 'Grace', key: '1'})).status, 422);
    assert.equal((await register({name: 'Ada', key: '1', client: 'another'})).status, 201);
    assert.equal((await register({name: 'Ada', key: '2'})).status, 201);
    assert.equal((await accounts()).length, 3);
  },
};
