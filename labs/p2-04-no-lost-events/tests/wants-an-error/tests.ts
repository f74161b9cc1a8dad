import assert from 'node:assert/strict';
import type {PublisherTests} from 'teralab/identity/seams/publisher-tests';

/** Wants to be told that the broker is away. With an outbox nobody need be told: the event gets out later. */
export const tests: PublisherTests = {
  'while the broker is away nobody can register': async ({save, broker, accounts}) => {
    await broker('away');
    assert.equal(await save('ada'), 'failed');
    assert.deepEqual(await accounts(), []);
  },
};
