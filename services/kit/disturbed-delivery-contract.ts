import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Broker, Delivery} from './broker.ts';
import {createDisturbances, type Disturbances} from './disturb/disturbances.ts';

interface Server extends AsyncDisposable {
  connect(): Broker;
}

const KEYS = 12;
const PER_KEY = 40;
const ORDERS = {
  redeliver: {kind: 'redeliver', share: 0.2, seed: 5},
  reorder: {kind: 'reorder', window: 8, seed: 5},
} as const;

/** What every broker keeps while the kit doubles and moves its deliveries. */
export function disturbedDeliveryContract(name: string, startServer: () => Promise<Server>): void {
  describe(`${name} with deliveries that the kit disturbs`, () => {
    let server: Server;
    const brokers: Broker[] = [];
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(async () => {
      await Promise.all(brokers.map(broker => broker.close()));
      await server[Symbol.asyncDispose]();
    });

    it.each([[['redeliver']], [['reorder']], [['redeliver', 'reorder']]] as const)(
      'keeps the order of each key, has one batch in flight per partition and loses nothing: %o',
      async kinds => {
        const stream = `stream-${kinds.join('-')}`;
        const got: Delivery[] = [];
        const inFlight = new Map<number, number>();
        let most = 0;
        const members = await Promise.all(
          ['a', 'b'].map(async member => {
            const disturbances = createDisturbances({look: () => undefined});
            const broker = disturbances.wrap(server.connect());
            brokers.push(broker);
            await broker.ensureStream(stream, {partitions: 4});
            for (const kind of kinds) disturbances.begin(ORDERS[kind], null);
            return {disturbances, broker, member};
          }),
        );
        const [first] = members;
        if (first === undefined) throw new Error('there is no member');
        for (let n = 0; n < PER_KEY; n += 1) {
          await first.broker.publish(
            stream,
            Array.from({length: KEYS}, (_, key) => ({id: `${key}-${n}`, key: `k${key}`, type: 't', data: n})),
          );
          // The first messages wait together, the others come while they are handled.
          if (n === PER_KEY / 2)
            for (const {broker, member} of members)
              await broker.consume({stream, group: 'g', member, batchMax: 20}, async batch => {
                const partition = batch[0]?.partition ?? -1;
                inFlight.set(partition, (inFlight.get(partition) ?? 0) + 1);
                most = Math.max(most, inFlight.get(partition) ?? 0);
                await new Promise(resolve => setImmediate(resolve));
                got.push(...batch);
                inFlight.set(partition, (inFlight.get(partition) ?? 0) - 1);
                return batch.map(() => ({settle: 'ack'}));
              });
        }
        await expect.poll(() => lagOf(first.broker, stream), {timeout: 30_000}).toBe(0);
        expect(most).toBe(1);
        for (let key = 0; key < KEYS; key += 1) expectOrder(got.filter(one => one.key === `k${key}`));
        const affected = (kind: 'redeliver' | 'reorder'): number =>
          sum(
            members.map(one => one.disturbances),
            kind,
          );
        const doubled = got.length - KEYS * PER_KEY;
        if (kinds.some(kind => kind === 'redeliver')) expect(doubled).toBeGreaterThan(0);
        expect(doubled).toBe(affected('redeliver'));
        if (kinds.some(kind => kind === 'reorder')) expect(affected('reorder')).toBeGreaterThan(0);
      },
    );

    it('is as before once the order has ended, and still says what came of it', async () => {
      const disturbances = createDisturbances({look: () => undefined});
      const broker = disturbances.wrap(server.connect());
      brokers.push(broker);
      await broker.ensureStream('later', {partitions: 1});
      disturbances.begin({kind: 'redeliver', share: 1, seed: 1}, null);
      const got: string[] = [];
      await broker.consume({stream: 'later', group: 'g', member: 'm'}, async batch => {
        got.push(...batch.map(({id, deliveries}) => `${id} ${deliveries}`));
        return batch.map(() => ({settle: 'ack'}));
      });
      await broker.publish('later', [{id: 'a', key: 'k', type: 't', data: 1}]);
      await expect.poll(() => lagOf(broker, 'later'), {timeout: 30_000}).toBe(0);
      disturbances.end('redeliver');
      await broker.publish('later', [{id: 'b', key: 'k', type: 't', data: 1}]);
      await expect.poll(() => got.length, {timeout: 30_000}).toBe(3);
      expect(got).toEqual(['a 1', 'a 2', 'b 1']);
      expect(disturbances.state('redeliver')).toEqual({inForce: false, seen: 1, affected: 1});
    });
  });
}

/** Each message comes for the first time in its order, and what comes again goes back only to come forward again without a gap. */
function expectOrder(own: readonly Delivery[]): void {
  const firsts = [...new Set(own.map(({data}) => data))];
  expect(firsts).toEqual(Array.from({length: PER_KEY}, (_, n) => n));
  for (const [index, {data}] of own.entries()) {
    const next = own[index + 1]?.data;
    if (next !== undefined) expect(Number(next)).toBeLessThanOrEqual(Number(data) + 1);
  }
  expect(own.at(-1)?.data).toBe(PER_KEY - 1);
}

function sum(all: readonly Disturbances[], kind: 'redeliver' | 'reorder'): number {
  return all.reduce((total, one) => total + one.state(kind).affected, 0);
}

async function lagOf(broker: Broker, stream: string): Promise<number> {
  const lag = await broker.lag(stream);
  return lag.length === 0 ? Number.POSITIVE_INFINITY : lag.reduce((total, one) => total + one.lag, 0);
}
