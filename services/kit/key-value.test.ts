import {describe, it} from 'vitest';
import {keyValueContract} from './key-value-contract.ts';
import {createNatsKeyValue} from './key-value-nats.ts';
import {createPostgresKeyValue} from './key-value-postgres.ts';
import type {Logger} from './logger.ts';
import {createSystemClock} from './system-clock.ts';
import {natsMissing, startTestNats} from './testing/nats.ts';
import {startTestPostgres} from './testing/postgres.ts';

const log: Logger = {debug() {}, info() {}, warn() {}, error() {}};
const clock = createSystemClock();
const missing = natsMissing();

keyValueContract('postgres', async () => {
  const postgres = await startTestPostgres();
  return {
    connect: space => createPostgresKeyValue({url: postgres.url, space, clock, log}),
    crashAndRestart: () => postgres.crashAndRestart(),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
});

if (missing === undefined) {
  keyValueContract('nats', async () => {
    const nats = await startTestNats();
    return {
      connect: space => createNatsKeyValue({url: nats.url, space, clock, log}),
      crashAndRestart: () => nats.crashAndRestart(),
      [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
    };
  });
} else {
  describe('spaces on NATS', () => {
    it('keep the contract', context => context.skip(missing));
  });
}
