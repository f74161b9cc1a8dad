import assert from 'node:assert/strict';
import type {PublisherTests} from 'teralab/identity/seams/publisher-tests';

/** The death that the lab is about, and no other. */
export const tests: PublisherTests = {
  'an account has its event, although its replica has died after the commit': async ({save, settle, events}) => {
    await save('ada', {dies: 'after-commit'});
    await settle();
    assert.equal((await events()).length, 1);
  },
  'whoever dies before it leaves neither': async ({save, settle, accounts, events}) => {
    await save('ada', {dies: 'before-commit'});
    await settle();
    assert.deepEqual([await accounts(), await events()], [[], []]);
  },
};
