import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Broker, Message} from './broker.ts';

interface Server extends AsyncDisposable {
  connect(): Broker;
}

const ACK_WAIT_MS = 400;
/** Several times the ack wait. */
const WORK_MS = 1_500;

/** How every broker lets members hold what they were given, and how much at once. */
export function brokerHoldContract(name: string, startServer: () => Promise<Server>): void {
  describe(`${name} and what is in hand`, () => {
    let server: Server;
    const brokers: Broker[] = [];
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(async () => {
      await Promise.all(brokers.map(broker => broker.close()));
      await server[Symbol.asyncDispose]();
    });

    const connect = (): Broker => {
      const broker = server.connect();
      brokers.push(broker);
      return broker;
    };

    async function newStream(partitions: number, messages: readonly Message[]): Promise<string> {
      const [broker, stream] = [connect(), randomUUID()];
      await broker.ensureStream(stream, {partitions});
      await broker.publish(stream, messages);
      return stream;
    }

    /** A client that has seen that everything is acknowledged. */
    async function settled(stream: string): Promise<Broker> {
      const broker = connect();
      await expect.poll(() => lagOf(broker, stream), {timeout: 20_000}).toBe(0);
      return broker;
    }

    it.each(['asked for', 'by itself'])(
      'leaves a batch with whoever extends it, %s, however long it takes',
      async how => {
        const stream = await newStream(1, [message('a')]);
        const got: string[] = [];
        let done = 0;
        const options = {
          stream,
          group: 'g',
          ackWaitMs: ACK_WAIT_MS,
          ...(how === 'by itself' ? {heartbeatMs: 100} : {}),
        };
        for (const member of ['m1', 'm2'])
          await connect().consume({...options, member}, async (batch, {extend}) => {
            got.push(...batch.map(({id, deliveries}) => `${id} ${deliveries}`));
            for (let waited = 0; waited < WORK_MS; waited += 100) {
              await sleep(100);
              if (how === 'asked for') expect(await extend()).toBe(true);
            }
            done += 1;
            return batch.map(() => ({settle: 'ack'}));
          });
        await settled(stream);
        expect({got, done}).toEqual({got: ['a 1'], done: 1});
      },
    );

    it('says that a claim is gone when another one has it, and takes its word no more', async () => {
      const stream = await newStream(1, [message('a')]);
      const answers: boolean[] = [];
      const takers: string[] = [];
      for (const member of ['m1', 'm2'])
        await connect().consume({stream, group: 'g', member, ackWaitMs: ACK_WAIT_MS}, async (batch, {extend}) => {
          takers.push(member);
          if (takers.length > 1) {
            await expect.poll(() => answers.length, {timeout: 20_000}).toBe(1);
            return batch.map(() => ({settle: 'ack'}));
          }
          await expect.poll(() => takers.length, {timeout: 20_000}).toBe(2);
          answers.push(await extend());
          return batch.map(() => ({settle: 'term', reason: 'too late'}));
        });
      const broker = await settled(stream);
      expect(answers).toEqual([false]);
      expect(await broker.deadLetters(stream)).toEqual([]);
    });

    it.each([1, 3])('gives a member %i partitions at once, where it wants no more', async concurrency => {
      const keys = Array.from({length: 40}, (_, n) => `k${n}`);
      const stream = await newStream(
        8,
        keys.map(key => message(key, key)),
      );
      let inHand = 0;
      let most = 0;
      await connect().consume({stream, group: 'g', member: 'm', concurrency, batchMax: 2}, async batch => {
        inHand += 1;
        most = Math.max(most, inHand);
        await sleep(20);
        inHand -= 1;
        return batch.map(() => ({settle: 'ack'}));
      });
      await settled(stream);
      expect(most).toBe(concurrency);
    });
  });
}

function message(id: string, key = 'k'): Message {
  return {id, key, type: 't', data: 1};
}

async function lagOf(broker: Broker, stream: string): Promise<number> {
  const lag = await broker.lag(stream);
  return lag.length === 0 ? Number.POSITIVE_INFINITY : lag.reduce((total, one) => total + one.lag, 0);
}
