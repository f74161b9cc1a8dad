import assert from 'node:assert/strict';
import type {PublisherBench, PublisherTests} from 'teralab/identity/seams/publisher-tests';

/** Whatever has happened, consumers know exactly the accounts that are committed, each by one event. */
async function alike({settle, accounts, events}: PublisherBench, ...expected: readonly string[]): Promise<void> {
  await settle();
  assert.deepEqual(await accounts(), expected);
  assert.deepEqual((await events()).map(({account}) => account).toSorted(), expected);
}

/** One for each way in which accounts and events part. */
export const tests: PublisherTests = {
  'an account has its event': async bench => {
    assert.equal(await bench.save('ada'), 'saved');
    await alike(bench, 'ada');
  },
  'whoever dies after the commit leaves an event that still gets out': async bench => {
    assert.equal(await bench.save('ada', {dies: 'after-commit'}), 'died');
    await alike(bench, 'ada');
  },
  'what was not committed is told to nobody': async bench => {
    await bench.save('ada', {dies: 'before-commit'});
    await bench.save('grace', {fails: true});
    await alike(bench);
  },
  'what is published again is the same event': async bench => {
    await bench.save('ada', {dies: 'after-publish'});
    await bench.settle();
    await alike(bench, 'ada');
  },
  'what is saved while the broker is away arrives afterwards, whoever has died meanwhile': async bench => {
    await bench.broker('away');
    await bench.save('ada');
    await bench.settle();
    await bench.save('grace', {dies: 'after-commit'});
    await bench.settle();
    await bench.broker('there');
    await bench.settle();
    await alike(bench, 'ada', 'grace');
  },
  'a slow transaction is not overtaken': async bench => {
    await bench.begin('ada');
    await bench.save('grace', {replica: 2});
    await bench.settle();
    assert.equal(await bench.finish('ada'), 'saved');
    await alike(bench, 'ada', 'grace');
  },
};
