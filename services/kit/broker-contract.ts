import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Broker, ConsumeOptions, Delivery, Message, Settlement} from './broker.ts';

/** A broker server that a contract suite may use as it likes. */
export interface BrokerUnderTest extends AsyncDisposable {
  /** A new client, as another process would have it. */
  connect(): Broker;
  /** Ends the server as a crash would, and starts it again on its data. */
  crashAndRestart(): Promise<void>;
}

/** What every adapter of the {@link Broker} port keeps. */
export function brokerContract(name: string, startServer: () => Promise<BrokerUnderTest>): void {
  describe(`${name} keeps the broker's contract`, () => {
    let server: BrokerUnderTest;
    let broker: Broker;
    const clients: Broker[] = [];

    function connect(): Broker {
      const client = server.connect();
      clients.push(client);
      return client;
    }

    async function newStream(partitions?: number): Promise<string> {
      const stream = `stream-${randomUUID()}`;
      await broker.ensureStream(stream, partitions === undefined ? {} : {partitions});
      return stream;
    }

    /** Consumes and acknowledges, and keeps what came. */
    async function collect(
      stream: string,
      options: Partial<ConsumeOptions> = {},
      client = broker,
    ): Promise<Delivery[]> {
      const got: Delivery[] = [];
      await client.consume({stream, group: 'g', member: randomUUID(), ...options}, async batch => {
        got.push(...batch);
        return batch.map(() => ACK);
      });
      return got;
    }

    beforeAll(async () => {
      server = await startServer();
      broker = connect();
    });

    afterAll(async () => {
      await Promise.all(clients.map(client => client.close()));
      await server[Symbol.asyncDispose]();
    });

    describe('publishing', () => {
      it('stores a message once, however often and by whomever it is published', async () => {
        const stream = await newStream();
        const other = connect();
        const messages = [message('a', 'k', {n: 1}), message('b', 'k', {n: 2})];
        await broker.publish(stream, messages);
        await Promise.all([
          broker.publish(stream, messages),
          other.publish(stream, messages),
          other.publish(stream, [messages[1] as Message, messages[1] as Message]),
        ]);
        await broker.publish(stream, [message('a', 'k', {n: 'another payload'})]);
        const stored = await broker.read(stream);
        expect(stored.map(({id, data}) => ({id, data}))).toEqual([
          {id: 'a', data: {n: 1}},
          {id: 'b', data: {n: 2}},
        ]);
      });

      it('gives back what was published, headers and odd characters included', async () => {
        const stream = await newStream();
        await fc.assert(
          fc.asyncProperty(fc.json(), fc.string({unit: 'binary', maxLength: 40}), async (json, text) => {
            const id = randomUUID();
            const key = text.replaceAll('\0', '');
            const data = {value: JSON.parse(json) as unknown, text: wellFormed(text)};
            await broker.publish(stream, [{id, key, type: 't', data, headers: {traceparent: id}}]);
            const [read] = (await broker.read(stream)).slice(-1);
            expect(read).toMatchObject({id, type: 't', headers: {traceparent: id}});
            expect(read?.key).toBe(wellFormed(key));
            expect(JSON.stringify(read?.data)).toBe(JSON.stringify(data));
          }),
          {numRuns: 40},
        );
      });

      it('rejects a message for a stream that nobody declared', async () => {
        await expect(broker.publish(`nowhere-${randomUUID()}`, [message('a')])).rejects.toThrow(/stream/);
      });

      it('refuses a bad message without harm to those published beside it', async () => {
        const stream = await newStream();
        const nested = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as unknown;
        const results = await Promise.allSettled([
          broker.publish(stream, [message('first')]),
          broker.publish(stream, [message('nul', 'a\0b')]),
          broker.publish(stream, [message('deep', 'k', nested)]),
          broker.publish(stream, [message('last')]),
        ]);
        expect([results[0]?.status, results[1]?.status, results[3]?.status]).toEqual([
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        const stored = (await broker.read(stream)).map(({id}) => id).filter(id => id !== 'deep');
        expect(stored).toEqual(['first', 'last']);
      });

      it('keeps the number of partitions that a stream was made with', async () => {
        const stream = await newStream(3);
        await broker.ensureStream(stream, {partitions: 16});
        await broker.publish(
          stream,
          Array.from({length: 200}, (_, n) => message(`m${n}`, `k${n}`)),
        );
        const partitions = new Set((await broker.read(stream)).map(({partition}) => partition));
        expect([...partitions].sort()).toEqual([0, 1, 2]);
      });
    });

    describe('consuming', () => {
      it('loses nothing of 8 overlapping writers with 300 messages each', async () => {
        const stream = await newStream();
        const got = await collect(stream);
        const sent = await Promise.all(
          Array.from({length: 8}, async (_, writer) => {
            const client = connect();
            const ids: string[] = [];
            for (let n = 0; n < 300; ) {
              const size = Math.min(1 + ((n + writer) % 5), 300 - n);
              const messages = Array.from({length: size}, (_, i) =>
                message(`${writer}-${n + i}`, `key-${(n + i) % 16}`),
              );
              await client.publish(stream, messages);
              ids.push(...messages.map(({id}) => id));
              n += size;
            }
            return ids;
          }),
        );
        await until(() => got.length >= 2_400);
        expect(got.map(({id}) => id).sort()).toEqual(sent.flat().sort());
        expect(await lagOf(broker, stream)).toBe(0);
      });

      it('keeps the order of each key with 4 consumers, of which one stops answering', async () => {
        const stream = await newStream();
        const seen = new Map<string, number[]>();
        let hung = 0;
        for (let member = 0; member < 4; member += 1) {
          await connect().consume(
            {stream, group: 'g', member: `m${member}`, ackWaitMs: 1_500, batchMax: 10},
            async batch => {
              if (member === 0 && hung < 2) {
                hung += 1;
                await new Promise(() => undefined);
              }
              for (const {key, data} of batch) seen.set(key, [...(seen.get(key) ?? []), data as number]);
              return batch.map(() => ACK);
            },
          );
        }
        for (let n = 0; n < 60; n += 1) {
          await broker.publish(
            stream,
            Array.from({length: 8}, (_, key) => message(`${key}-${n}`, `key-${key}`, n)),
          );
        }
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(hung).toBeGreaterThan(0);
        for (let key = 0; key < 8; key += 1)
          expect(seen.get(`key-${key}`)).toEqual(Array.from({length: 60}, (_, n) => n));
      });

      it('has one batch in flight per partition and group', async () => {
        const stream = await newStream(2);
        const inFlight = new Map<number, number>();
        let most = 0;
        for (const member of ['a', 'b', 'c']) {
          await connect().consume({stream, group: 'g', member, batchMax: 3}, async batch => {
            const partition = batch[0]?.partition ?? -1;
            expect(new Set(batch.map(one => one.partition)).size).toBe(1);
            inFlight.set(partition, (inFlight.get(partition) ?? 0) + 1);
            most = Math.max(most, inFlight.get(partition) ?? 0);
            await sleep(2);
            inFlight.set(partition, (inFlight.get(partition) ?? 0) - 1);
            return batch.map(() => ACK);
          });
        }
        await broker.publish(
          stream,
          Array.from({length: 60}, (_, n) => message(`m${n}`, `k${n}`)),
        );
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(most).toBe(1);
      });

      it('gives every group all messages, also a group that comes later', async () => {
        const stream = await newStream();
        await broker.publish(stream, [message('a'), message('b')]);
        const one = await collect(stream, {group: 'one'});
        const two = await collect(stream, {group: 'two'});
        await until(() => one.length === 2 && two.length === 2);
        expect(two.map(({id}) => id)).toEqual(['a', 'b']);
      });

      it('waits for a stream that is not there yet', async () => {
        const stream = `later-${randomUUID()}`;
        const got = await collect(stream);
        await broker.ensureStream(stream);
        await broker.publish(stream, [message('a')]);
        await until(() => got.length === 1);
      });

      it('takes nothing more once it is stopped, and settles what is under way', async () => {
        const stream = await newStream(1);
        let finish: () => void = () => undefined;
        const handled: string[] = [];
        const consumer = await broker.consume({stream, group: 'g', member: 'm', batchMax: 1}, async ([one]) => {
          await new Promise<void>(resolve => {
            finish = resolve;
          });
          handled.push(one?.id ?? '');
          finish = () => undefined;
          return [ACK];
        });
        await broker.publish(stream, [message('a'), message('b')]);
        await until(async () => (await broker.lag(stream)).some(({member}) => member === 'm'));
        const stopped = consumer.stop();
        await until(() => {
          finish();
          return handled.length === 1;
        });
        await stopped;
        expect(await lagOf(broker, stream)).toBe(1);
        const rest = await collect(stream);
        await until(() => rest.length === 1);
        expect(rest[0]).toMatchObject({id: 'b', deliveries: 1});
      });

      it('gives a restarted member at once what its former life had in hand', async () => {
        const stream = await newStream(1);
        await broker.publish(stream, [message('a')]);
        let end: (() => void) | undefined;
        await connect().consume({stream, group: 'g', member: 'same', ackWaitMs: 600_000}, async () => {
          await new Promise<void>(resolve => {
            end = resolve;
          });
          return [ACK];
        });
        await until(() => end !== undefined);
        const got = await collect(stream, {member: 'same'}, connect());
        await until(() => got.length === 1);
        expect(got[0]).toMatchObject({id: 'a', deliveries: 2});
        end?.();
      });
    });

    describe('settling', () => {
      it('delivers a refused message again before anything behind it, and counts', async () => {
        const stream = await newStream(1);
        const order: string[] = [];
        await broker.consume({stream, group: 'g', member: 'm'}, async batch => {
          const settlements: Settlement[] = [];
          for (const {id, deliveries} of batch) {
            order.push(`${id}${deliveries}`);
            settlements.push(id === 'b' && deliveries < 3 ? {settle: 'nak', delayMs: 5} : ACK);
          }
          return settlements;
        });
        await broker.publish(stream, [message('a'), message('b'), message('c'), message('d')]);
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(order).toEqual(['a1', 'b1', 'c1', 'd1', 'b2', 'b3', 'c2', 'd2']);
      });

      it('blocks the partition of a refused message and no other', async () => {
        const stream = await newStream(2);
        const [blocked, free] = await twoKeysApart(broker, stream);
        const got: string[] = [];
        await broker.consume({stream, group: 'g', member: 'm'}, async batch =>
          batch.map(({id, key}) => {
            if (key === blocked) return {settle: 'nak', delayMs: 60_000};
            got.push(id);
            return ACK;
          }),
        );
        await broker.publish(stream, [message('x', blocked), message('y', free), message('z', free)]);
        await until(() => got.includes('y') && got.includes('z'));
        const lag = await broker.lag(stream);
        expect(lag.filter(one => one.lag > 0)).toHaveLength(1);
      });

      it('puts a message that is given up on among the dead letters, with the reason, and goes on', async () => {
        const stream = await newStream(1);
        await broker.publish(stream, [message('good', 'k'), message('bad', 'k', {n: 7}), message('fine', 'k')]);
        const got = await collectSettled(broker, stream, id =>
          id === 'bad' ? {settle: 'term', reason: 'no such thing'} : ACK,
        );
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(got).toEqual(['good', 'bad', 'fine']);
        const [bad] = (await broker.read(stream)).filter(({id}) => id === 'bad');
        expect(await broker.deadLetters(stream)).toMatchObject([
          {
            stream,
            group: 'g',
            reason: 'no such thing',
            position: bad?.position,
            message: {id: 'bad', key: 'k', data: {n: 7}},
          },
        ]);
      });

      it('gives up on a poisoned message after the deliveries it may have, and on no other of its batch', async () => {
        const stream = await newStream(1);
        await broker.publish(
          stream,
          ['a', 'poison', 'b', 'c'].map(id => message(id)),
        );
        const attempts: string[] = [];
        const done: string[] = [];
        await broker.consume({stream, group: 'g', member: 'm', deliveriesMax: 3}, async batch => {
          attempts.push(...batch.map(({id}) => id));
          if (batch.some(({id}) => id === 'poison')) throw new Error('cannot parse it');
          done.push(...batch.map(({id}) => id));
          return batch.map(() => ACK);
        });
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(done).toEqual(['a', 'b', 'c']);
        expect(attempts.filter(id => id === 'poison')).toHaveLength(3);
        expect(await broker.deadLetters(stream)).toMatchObject([{reason: 'cannot parse it', message: {id: 'poison'}}]);
      });

      it('treats a message that the handler forgot to settle as refused', async () => {
        const stream = await newStream(1);
        await broker.publish(stream, [message('a'), message('b')]);
        const got: string[] = [];
        await broker.consume({stream, group: 'g', member: 'm'}, async batch => {
          got.push(...batch.map(({id, deliveries}) => `${id}${deliveries}`));
          return batch.length === 2 ? [ACK] : batch.map(() => ACK);
        });
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(got).toEqual(['a1', 'b1', 'b2']);
      });

      it('hands what was not settled in time to another member, and ignores the late answer', async () => {
        const stream = await newStream(1);
        await broker.publish(stream, [message('a'), message('b')]);
        let answerLate: () => void = () => undefined;
        const slow = await connect().consume(
          {stream, group: 'g', member: 'slow', ackWaitMs: 300, batchMax: 1},
          async batch => {
            await new Promise<void>(resolve => {
              answerLate = resolve;
            });
            return batch.map(() => ACK);
          },
        );
        await until(async () => (await broker.lag(stream)).some(({member}) => member === 'slow'));
        void slow.stop();
        const quick: string[] = [];
        await broker.consume({stream, group: 'g', member: 'quick', ackWaitMs: 5_000}, async batch => {
          answerLate();
          quick.push(...batch.map(({id, deliveries}) => `${id}${deliveries}`));
          return batch.map(() => ACK);
        });
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(quick).toEqual(['a2', 'b1']);
      });

      it('counts deliveries that ended in silence, too', async () => {
        const stream = await newStream(1);
        await broker.publish(stream, [message('silent'), message('next')]);
        const got: string[] = [];
        await broker.consume({stream, group: 'g', member: 'm', ackWaitMs: 100, deliveriesMax: 2}, async batch => {
          if (batch.some(({id}) => id === 'silent')) await new Promise(() => undefined);
          got.push(...batch.map(({id}) => id));
          return batch.map(() => ACK);
        });
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(got).toEqual(['next']);
        expect((await broker.deadLetters(stream))[0]?.reason).toMatch(/did not settle it in time/);
      });

      it('redrives a dead letter to its group alone, once', async () => {
        const stream = await newStream(1);
        let repaired = false;
        const got = await collectSettled(broker, stream, id =>
          id === 'bad' && !repaired ? {settle: 'term', reason: 'bad'} : ACK,
        );
        const other = await collect(stream, {group: 'other'});
        await broker.publish(stream, [message('bad'), message('good')]);
        await until(async () => (await lagOf(broker, stream)) === 0 && (await broker.deadLetters(stream)).length === 1);
        const [letter] = await broker.deadLetters(stream);
        repaired = true;
        await broker.redrive(stream, letter?.id ?? '');
        await broker.redrive(stream, letter?.id ?? '');
        await until(async () => (await lagOf(broker, stream)) === 0);
        expect(got).toEqual(['bad', 'good', 'bad']);
        expect(other.map(({id}) => id)).toEqual(['bad', 'good']);
        expect(await broker.deadLetters(stream)).toEqual([]);
        expect((await broker.read(stream)).map(({id}) => id)).toEqual(['bad', 'good']);
        await expect(broker.redrive(stream, 'no such id')).rejects.toThrow(/no dead letter/);
      });
    });

    describe('looking and going back', () => {
      it('reads in order of publication, from after a position of each partition, up to a limit', async () => {
        const stream = await newStream();
        await broker.publish(
          stream,
          Array.from({length: 50}, (_, n) => message(`m${n}`, `k${n % 7}`)),
        );
        const all = await broker.read(stream);
        expect(all.map(({id}) => id)).toEqual(Array.from({length: 50}, (_, n) => `m${n}`));
        expect(await broker.read(stream, {limit: 7})).toEqual(all.slice(0, 7));
        const after = Object.fromEntries(all.slice(0, 30).map(({partition, position}) => [partition, position]));
        const expected = all.filter(one => one.position > (after[one.partition] ?? 0));
        expect(await broker.read(stream, {after})).toEqual(expected);
        expect(await broker.read(`nowhere-${randomUUID()}`)).toEqual([]);
      });

      it('says how far each partition of each group is behind', async () => {
        const stream = await newStream(2);
        const consumer = await broker.consume({stream, group: 'g', member: 'm'}, async batch => batch.map(() => ACK));
        await broker.publish(stream, [message('a')]);
        await until(async () => (await broker.lag(stream)).length === 2 && (await lagOf(broker, stream)) === 0);
        await consumer.stop();
        await broker.publish(stream, [message('b'), message('c')]);
        const lag = await broker.lag(stream);
        expect(lag.map(one => one.lag).sort()).toEqual([0, 2]);
        expect(lag.every(one => one.group === 'g' && one.stream === stream && one.member === null)).toBe(true);
      });

      it('delivers from a position again after a seek', async () => {
        const stream = await newStream();
        const got = await collect(stream);
        await broker.publish(
          stream,
          Array.from({length: 20}, (_, n) => message(`m${n}`, `k${n}`)),
        );
        await until(async () => got.length === 20 && (await lagOf(broker, stream)) === 0);
        const all = await broker.read(stream);
        await broker.seek(stream, 'g', all[14]?.position ?? 0);
        await until(() => got.length === 25);
        expect(
          got
            .slice(20)
            .map(({id}) => id)
            .sort(),
        ).toEqual(['m15', 'm16', 'm17', 'm18', 'm19']);
        await broker.seek(stream, 'g', 0);
        await until(() => got.length === 45);
      });
    });

    describe('losing the server', () => {
      it('carries on after a crash of the server, without losing what it had confirmed', async () => {
        const stream = await newStream();
        const got = await collect(stream);
        const confirmed: string[] = [];
        const writing = (async () => {
          for (let n = 0; confirmed.length < 60; n += 1) {
            await broker.publish(stream, [message(`m${n}`, `k${n % 5}`)]).then(
              () => confirmed.push(`m${n}`),
              () => sleep(20),
            );
          }
        })();
        await until(() => confirmed.length >= 20);
        await server.crashAndRestart();
        await writing;
        await until(async () => (await lagOf(broker, stream)) === 0);
        const ids = new Set(got.map(({id}) => id));
        expect(confirmed.filter(id => !ids.has(id))).toEqual([]);
      });
    });
  });
}

const ACK: Settlement = {settle: 'ack'};

function message(id: string, key = 'key', data: unknown = {id}): Message {
  return {id, key, type: 'test', data};
}

/** Consumes one by one with the settlement that `decide` gives, and keeps the ids in order of delivery. */
async function collectSettled(broker: Broker, stream: string, decide: (id: string) => Settlement): Promise<string[]> {
  const got: string[] = [];
  await broker.consume({stream, group: 'g', member: 'm'}, async batch =>
    batch.map(({id}) => {
      got.push(id);
      return decide(id);
    }),
  );
  return got;
}

/** Two keys of a stream with two partitions that do not share one. */
async function twoKeysApart(broker: Broker, stream: string): Promise<[string, string]> {
  const keys = Array.from({length: 20}, (_, n) => `probe-${n}`);
  await broker.publish(
    stream,
    keys.map(key => message(key, key)),
  );
  const partitions = new Map((await broker.read(stream)).map(({key, partition}) => [key, partition]));
  const first = keys[0] ?? '';
  const second = keys.find(key => partitions.get(key) !== partitions.get(first)) ?? '';
  const position = (await broker.read(stream)).at(-1)?.position ?? 0;
  await broker.seek(stream, 'g', position);
  return [first, second];
}

/** Messages that no group has acknowledged yet. Throws away errors of a server that is down: the caller waits. */
async function lagOf(broker: Broker, stream: string): Promise<number> {
  const lag = await broker.lag(stream).catch(() => []);
  return lag.length === 0 ? Number.POSITIVE_INFINITY : lag.reduce((sum, one) => sum + one.lag, 0);
}

/** Half a surrogate pair cannot be written as UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Did not come true within ${withinMs} ms: ${String(condition)}`);
    await sleep(10);
  }
}
