import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Change, KeyValue} from './key-value.ts';
import {acquireLease} from './lease.ts';
import {createSystemClock} from './system-clock.ts';

/** A server that a contract suite may use as it likes. */
export interface KeyValueUnderTest extends AsyncDisposable {
  /** A new client of a space, as another process would have it. */
  connect(space: string): KeyValue;
  /** Ends the server as a crash would, and starts it again on its data. */
  crashAndRestart(): Promise<void>;
}

/** What every adapter of the {@link KeyValue} port keeps. */
export function keyValueContract(name: string, startServer: () => Promise<KeyValueUnderTest>): void {
  describe(`${name} keeps the contract of spaces`, () => {
    let server: KeyValueUnderTest;
    const clients: KeyValue[] = [];

    function connect(space: string = randomUUID()): KeyValue {
      const client = server.connect(space);
      clients.push(client);
      return client;
    }

    beforeAll(async () => {
      server = await startServer();
    });

    afterAll(async () => {
      await Promise.all(clients.map(client => client.close()));
      await server[Symbol.asyncDispose]();
    });

    it('gives back what was put, whatever key and value are', async () => {
      const space = connect();
      await fc.assert(
        fc.asyncProperty(fc.string({minLength: 1, maxLength: 40, unit: 'grapheme'}), fc.json(), async (raw, json) => {
          const key = raw.replaceAll('\0', '-');
          const value: unknown = JSON.parse(json);
          const revision = await space.put(key, value);
          const found = await space.get(key);
          expect({...found, value: JSON.stringify(found?.value)}).toEqual({
            key,
            revision,
            value: JSON.stringify(value),
          });
        }),
        {numRuns: 40},
      );
    });

    it('keeps spaces apart, and shows one to all its clients', async () => {
      const [one, same, other] = [connect('one.space'), connect('one.space'), connect('another.space')];
      const revision = await one.put('a', 1);
      expect(await same.get('a')).toEqual({key: 'a', value: 1, revision});
      expect(await other.get('a')).toBeUndefined();
    });

    it('creates an entry once, and again when it was deleted', async () => {
      const space = connect();
      const first = await space.create('a', 1);
      expect(await space.create('a', 2)).toBeUndefined();
      expect(await space.delete('a')).toBe(true);
      expect(await space.delete('a')).toBe(false);
      expect(await space.get('a')).toBeUndefined();
      const second = await space.create('a', 3);
      expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
      expect(await space.get('a')).toEqual({key: 'a', value: 3, revision: second});
    });

    it('lets one of many change an entry that all have seen', async () => {
      const space = randomUUID();
      const clients = Array.from({length: 6}, () => connect(space));
      const revision = (await clients[0]?.put('a', 0)) ?? 0;
      const results = await Promise.all(clients.map((client, n) => client.compareAndSet('a', n, revision)));
      const winners = results.flatMap((result, n) => (result === undefined ? [] : [n]));
      expect(winners).toHaveLength(1);
      expect((await connect(space).get('a'))?.value).toBe(winners[0]);
    });

    it('loses no addition of many who compare and set', async () => {
      const space = randomUUID();
      await connect(space).put('sum', 0);
      await Promise.all(
        Array.from({length: 4}, async () => {
          const client = connect(space);
          for (let done = 0; done < 10; ) {
            const entry = await client.get('sum');
            if (entry === undefined) throw new Error('The entry is gone.');
            const next = await client.compareAndSet('sum', Number(entry.value) + 1, entry.revision);
            if (next !== undefined) done += 1;
          }
        }),
      );
      expect((await connect(space).get('sum'))?.value).toBe(40);
    });

    it('changes and deletes nothing with a revision that is not the entry’s', async () => {
      const space = connect();
      const old = await space.put('a', 1);
      const revision = await space.put('a', 2);
      expect(await space.compareAndSet('a', 3, old)).toBeUndefined();
      expect(await space.delete('a', old)).toBe(false);
      expect(await space.delete('a', revision)).toBe(true);
      expect(await space.compareAndSet('a', 3, revision)).toBeUndefined();
      expect(await space.compareAndSet('never', 3, revision)).toBeUndefined();
      expect(await space.keys()).toEqual([]);
    });

    it('lists keys by prefix, in order', async () => {
      const space = connect();
      for (const key of ['services/b', 'services/a.1', 'config', 'services']) await space.put(key, null);
      await space.delete('services/b');
      await space.put('services/c', null);
      expect(await space.keys('services/')).toEqual(['services/a.1', 'services/c']);
      expect(await space.keys()).toEqual(['config', 'services', 'services/a.1', 'services/c']);
    });

    it('lists what is under keys of a prefix, in order', async () => {
      const space = connect();
      for (const [value, key] of ['a/2', 'b', 'a/1', 'a/3'].entries()) await space.put(key, value);
      await space.delete('a/3');
      const revision = await space.put('a/2', {again: true});
      expect(await space.entries('a/')).toEqual([
        {key: 'a/1', value: 2, revision: revision - 3},
        {key: 'a/2', value: {again: true}, revision},
      ]);
      expect((await space.entries()).map(({key}) => key)).toEqual(['a/1', 'a/2', 'b']);
      expect(await space.entries('c')).toEqual([]);
    });

    it('refuses keys that cannot be', async () => {
      const space = connect();
      for (const key of ['', 'a\0b', 'x'.repeat(201)]) await expect(space.put(key, 1)).rejects.toThrow(TypeError);
    });

    it('tells a watcher what there is and what becomes of it, in order', async () => {
      const id = randomUUID();
      const [space, watcher] = [connect(id), connect(id)];
      await space.put('a/1', 'old');
      await space.put('b/1', 'not watched');
      const changes: Change[] = [];
      const watch = watcher.watch('a/', change => changes.push(change));
      await until(() => changes.length === 1);
      await space.put('a/2', 'new');
      await until(() => changes.length === 2);
      await space.delete('a/1');
      await until(() => changes.length === 3);
      expect(changes).toMatchObject([
        {key: 'a/1', value: 'old'},
        {key: 'a/2', value: 'new'},
        {key: 'a/1', deleted: true},
      ]);
      await watch.stop();
      await space.put('a/3', 'too late');
      const revisions = changes.map(({revision}) => revision);
      expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    });

    it('loses no last value of overlapping writers to a watcher', async () => {
      const id = randomUUID();
      const seen = new Map<string, unknown>();
      connect(id).watch('', change => seen.set(change.key, 'deleted' in change ? undefined : change.value));
      await Promise.all(
        Array.from({length: 6}, async (_, writer) => {
          const client = connect(id);
          for (let n = 0; n <= 30; n += 1) await client.put(`k${writer}-${n % 3}`, n);
        }),
      );
      const last = Array.from({length: 6}, (_, writer) =>
        [28, 29, 30].map(n => [`k${writer}-${n % 3}`, n] as const),
      ).flat();
      await until(() => last.every(([key, value]) => seen.get(key) === value));
    });

    it('keeps entries over a crash of the server, and watchers go on', async () => {
      const space = connect();
      const seen: unknown[] = [];
      space.watch('', change => seen.push('deleted' in change ? null : change.value));
      const revision = await space.put('a', 'before');
      await until(() => seen.includes('before'));
      await server.crashAndRestart();
      await eventually(async () => {
        expect(await space.get('a')).toEqual({key: 'a', value: 'before', revision});
        expect(await space.put('b', 'after')).toBeGreaterThan(revision);
      });
      await until(() => seen.includes('after'));
    });

    it('has one holder of a lease at a time, also when holders die', async () => {
      const id = randomUUID();
      const clock = createSystemClock();
      const tokens: number[] = [];
      let holders = 0;
      await Promise.all(
        Array.from({length: 4}, async (_, n) => {
          const lease = await acquireLease(connect(id), {key: 'leader', holder: `h${n}`, ttlMs: 300, clock});
          holders += 1;
          expect(holders).toBe(1);
          tokens.push(lease.token());
          await sleep(20);
          holders -= 1;
          // Every other one ends without a word.
          if (n % 2 === 0) await lease.release();
          else lease.abandon();
        }),
      );
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    });
  });
}

async function until(condition: () => boolean, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Did not come true within ${withinMs} ms: ${String(condition)}`);
    await sleep(10);
  }
}

/** Calls may fail while the server starts again. */
async function eventually(work: () => Promise<void>, withinMs = 30_000): Promise<void> {
  for (const end = performance.now() + withinMs; ; await sleep(20)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
