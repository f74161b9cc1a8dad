import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {natsMissing, startTestNats, type TestNats} from '../kit/testing/nats.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {TERMS} from './event-clock.ts';
import {startTestStream, startTokens, type TestStream, until} from './testing.ts';

const {disorderMs: DISORDER_MS, latenessMs: LATENESS_MS} = TERMS;

let postgres: TestPostgres;
let nats: TestNats | undefined;
let tokens: Awaited<ReturnType<typeof startTokens>>;
const missing = natsMissing();

beforeAll(async () => {
  [postgres, nats, tokens] = await Promise.all([
    startTestPostgres(),
    missing === undefined ? startTestNats() : undefined,
    startTokens(),
  ]);
});

afterAll(async () => {
  await Promise.all([postgres, nats, tokens].map(one => one?.[Symbol.asyncDispose]()));
});

contract('postgres');
if (missing === undefined) contract('nats');
else it.skip(`are the same on NATS, left out ${missing}`, () => undefined);

interface WindowsBody {
  readonly windows: readonly unknown[];
  readonly clock: string | null;
  readonly next: string | null;
}

function contract(broker: 'postgres' | 'nats'): void {
  describe(`windows of event time on ${broker}`, () => {
    let system: TestStream;
    const start = Date.UTC(2024, 0, 1);
    const at = (second: number): string => new Date(start + second * 1_000).toISOString();

    beforeAll(async () => {
      system = await startTestStream({
        DATABASE_URL: await postgres.createDatabase(),
        BROKER_URL: broker === 'nats' ? (nats?.url ?? '') : await postgres.createDatabase(),
        LINKS: tokens.links,
      });
    });
    afterAll(() => system[Symbol.asyncDispose]());

    const report = async (account: string, events: readonly (readonly [string, number])[]): Promise<void> => {
      const body = {events: events.map(([id, second]) => ({id, kind: 'k', at: at(second)}))};
      expect((await system.call('POST', '/v1/activity', {token: await tokens.for(account), body})).status).toBe(202);
      await system.settled();
    };
    const windows = async (query: string) => (await system.call<WindowsBody>('GET', `/v1/windows?${query}`)).body;
    const clockReaches = (second: number): Promise<void> =>
      until(async () => (await windows('size=10s')).clock === at(second));

    it('close as the clock passes them, although most partitions are idle, and leave out what comes when they are final', async () => {
      await report('ada', [
        ['a', 1],
        ['b', 4],
        ['c', 12],
        ['d', 3],
      ]);
      await clockReaches(12 - DISORDER_MS / 1_000);
      await report('ada', [['e', 100]]);
      await clockReaches(100 - DISORDER_MS / 1_000);
      const lateBefore = 95 - LATENESS_MS / 1_000;
      await report('ada', [
        ['f', lateBefore - 1],
        ['g', lateBefore],
        ['f', lateBefore - 1],
      ]);
      const body = await windows('size=10s');
      expect(body).toMatchObject({clock: at(95), late: 1, next: null});
      expect(body.windows).toEqual([
        {start: at(100), end: at(110), count: 1, state: 'open'},
        {start: at(60), end: at(70), count: 1, state: 'closed'},
        {start: at(10), end: at(20), count: 1, state: 'final'},
        {start: at(0), end: at(10), count: 3, state: 'final'},
      ]);
      const token = await tokens.for('ada');
      expect((await system.call('GET', '/v1/activity/ada/late', {token})).body).toEqual({
        items: [{id: 'f', kind: 'k', at: at(lateBefore - 1), clock: at(95)}],
        next: null,
      });
      expect(await system.call('GET', '/v1/activity/eve/late', {token})).toMatchObject({status: 403});
    });

    it('are the same after a restart and after everything came once more', async () => {
      const before = await windows('size=10s');
      await system.restart();
      await system.broker.seek('activity', 'stream', 0);
      await system.settled();
      expect(await windows('size=10s')).toEqual(before);
    });

    it('slide, and come page by page', async () => {
      const seconds = [1, 3, 4, 12, 65, 100];
      const expected = [];
      for (let from = 100; from > -10; from -= 5) {
        const count = seconds.filter(second => second >= from && second < from + 10).length;
        if (count > 0) expected.push({start: at(from), end: at(from + 10), count});
      }
      const all = await windows('size=10s&every=5s');
      expect(all.windows).toMatchObject(expected);
      expect(all.windows).toHaveLength(expected.length);
      const first = await windows('size=10s&every=5s&limit=3');
      const second = await windows(`size=10s&every=5s&limit=50&cursor=${first.next}`);
      expect([...first.windows, ...second.windows]).toEqual(all.windows);
      for (const query of ['size=10s&every=20s', 'size=24h&every=1s', 'size=10s&cursor=x', 'every=0s'])
        expect((await system.call('GET', `/v1/windows?${query}`)).status).toBe(400);
    });
  });
}
