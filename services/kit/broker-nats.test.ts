import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {describe, expect, it} from 'vitest';
import type {Broker} from './broker.ts';
import {brokerContract} from './broker-contract.ts';
import {brokerHoldContract} from './broker-hold-contract.ts';
import {connectOptions} from './broker-nats/session.ts';
import {createNatsBroker} from './broker-nats.ts';
import {brokerOutageContract} from './broker-outage-contract.ts';
import {disturbedDeliveryContract} from './disturbed-delivery-contract.ts';
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

  brokerOutageContract('nats', async () => {
    const nats = await startTestNats();
    return {
      url: nats.url,
      port: nats.port,
      open,
      empty: () => deleteStreams(nats.url),
      [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
    };
  });

  brokerHoldContract('nats', async () => {
    const nats = await startTestNats();
    return {
      connect: () => open(nats.url),
      [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
    };
  });

  disturbedDeliveryContract('nats', async () => {
    const nats = await startTestNats();
    return {
      connect: () => open(nats.url),
      [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
    };
  });

  it('keeps the first message of an id, also against clients that know nothing of the adapter', async () => {
    await using nats = await startTestNats();
    const broker = open(nats.url);
    await broker.ensureStream('s', {partitions: 1});
    await broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 'first'}]);
    const nc = await connect(connectOptions(nats.url));
    const answer = await nc.request('messages.s.0.a', JSON.stringify({id: 'a', key: 'k', type: 't', data: 'second'}));
    expect(answer.json()).toMatchObject({error: {code: 503}});
    expect(await broker.read('s')).toMatchObject([{id: 'a', data: 'first', position: 1}]);
    await nc.close();
    await broker.close();
  });
} else {
  describe('the broker on NATS', () => {
    it('keeps the contract', context => context.skip(missing));
  });
}

async function deleteStreams(url: string): Promise<void> {
  const nc = await connect(connectOptions(url));
  const jsm = await jetstreamManager(nc);
  for await (const name of jsm.streams.names()) await jsm.streams.delete(name);
  await nc.close();
}
