import assert from 'node:assert/strict';
import type {RegistrationTests} from 'teralab/identity/seams/registration-tests';

const ADA = {name: 'Ada', key: 'k-1'};

/** One for each way in which one account becomes two, or none. */
export const tests: RegistrationTests = {
  'who asks again gets the first answer, from any replica': async ({register, accounts}) => {
    const first = await register(ADA);
    assert.equal(first.status, 201);
    for (const replica of [1, 2] as const) assert.deepEqual(await register(ADA, {replica}), first);
    assert.equal((await accounts()).length, 1);
  },
  'two at the same instant open one account': async ({register, registerTogether, accounts}) => {
    const [one, other] = await registerTogether(ADA, ADA);
    for (const answer of [one, other]) assert.ok(answer?.status === 201 || answer?.status === 409);
    const [account, ...more] = await accounts();
    assert.deepEqual(more, []);
    assert.deepEqual((await register(ADA)).account, account);
  },
  'wherever a replica dies, who asks again has one account': async ({register, accounts}) => {
    for (const dies of ['before-commit', 'after-commit', 'before-answer'] as const) {
      const request = {name: dies, key: dies};
      assert.equal((await register(request, {dies})).status, null);
      const {status, account} = await register(request);
      assert.equal(status, 201);
      assert.deepEqual(
        (await accounts()).filter(({name}) => name === dies),
        [account],
      );
    }
  },
  'a key stands for one payload': async ({register, accounts}) => {
    await register(ADA);
    assert.equal((await register({...ADA, name: 'Grace'})).status, 422);
    assert.equal((await accounts()).length, 1);
  },
  'a key belongs to its client': async ({register, accounts}) => {
    await register(ADA);
    assert.equal((await register({...ADA, client: 'another'})).status, 201);
    assert.equal((await accounts()).length, 2);
  },
  'two people may have one name': async ({register, accounts}) => {
    for (const key of ['k-1', 'k-2']) assert.equal((await register({name: 'Ada', key})).status, 201);
    assert.equal((await accounts()).length, 2);
  },
};
