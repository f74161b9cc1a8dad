import {describe, it} from 'vitest';
import type {Broker} from './broker.ts';
import {brokerContract} from './broker-contract.ts';
import {createNatsBroker} from './broker-nats.ts';
import type {Logger} from './logger.ts';
import {createSystemClock} from './system-clock.ts';
import {natsMissing, startTestNats} from './testing/nats.ts';

const quiet: Logger = {debug() {}, info() {}, warn() {}, error() {}};
const missing = natsMissing();

function open(url: string): Broker {
  return createNatsBroker({url, clock: createSystemClock(), log: quiet});
}

if (missing === undefined) {
  brokerContract('nats', async () => {
    const nats = await startTestNats();
    return {
      connect: () => open(nats.url),
      crashAndRestart: () => nats.crashAndRestart(),
      [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
    };
  });
} else {
  describe('the broker on NATS', () => {
    it('keeps the contract', context => context.skip(missing));
  });
}
