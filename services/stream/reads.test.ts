import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {createSystemClock} from '../kit/system-clock.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {createReadModelTools} from './read-model-tools.ts';
import {startTestStream, startTokens, type TestStream} from './testing.ts';

const quiet = {debug() {}, info() {}, warn() {}, error() {}};

let postgres: TestPostgres;
let tokens: Awaited<ReturnType<typeof startTokens>>;
let system: TestStream;
let token: string;

beforeAll(async () => {
  [postgres, tokens] = await Promise.all([startTestPostgres(), startTokens()]);
  system = await startTestStream({
    DATABASE_URL: await postgres.createDatabase(),
    BROKER_URL: await postgres.createDatabase(),
    LINKS: tokens.links,
  });
  token = await tokens.for('ada');
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await Promise.all([postgres, tokens].map(one => one[Symbol.asyncDispose]()));
});

interface Page {
  readonly items: readonly {readonly id: string}[];
}
const write = async (id: string): Promise<string> => {
  const {status, headers} = await system.call('POST', '/v1/activity', {token, body: {id, kind: 'k'}});
  expect(status).toBe(202);
  return headers.get('x-position') ?? '';
};
const read = (position?: string) =>
  system.call<Page>('GET', '/v1/activity/ada', {
    token,
    headers: position === undefined ? {} : {'x-position': position},
  });
/** Holds up what projects, and nobody who reads. */
const stall = (seconds: number): Promise<unknown> =>
  system.sql(`lock table projected in share row exclusive mode; select pg_sleep(${seconds})`);

describe('reads of activity', () => {
  it('wait for what the client has seen, however late it is projected, and no longer', async () => {
    await write('first');
    await system.settled();
    const stalled = stall(0.8);
    const position = await write('second');
    const begun = performance.now();
    const [behind, fresh] = await Promise.all([read(), read(position)]);
    expect(behind.body.items.map(({id}) => id)).not.toContain('second');
    expect(fresh.body.items.map(({id}) => id)).toContain('second');
    await stalled;
    expect(performance.now() - begun).toBeLessThan(2_400);
    // What was read is a position as well: it never goes back.
    expect(fresh.headers.get('x-position')).toBe(position);
  });

  it('are told to come back when that takes longer than anybody waits, and nothing is wrong with the service then', async () => {
    const stalled = stall(2.9);
    const position = await write('third');
    const stranger = Buffer.from('nobody-has-this').toString('base64url');
    const [late, never] = await Promise.all([read(position), read(stranger)]);
    expect(never.status).toBe(412);
    expect(late).toMatchObject({status: 412, body: {type: 'urn:teralab:problem:behind'}});
    expect(late.headers.get('retry-after')).toBe('1');
    await stalled;
    expect((await read(position)).body.items.map(({id}) => id)).toContain('third');
  });

  it('go on with a position that is none', async () => {
    expect((await read('%%%')).status).toBe(200);
  });

  it('can look at what the broker has and the projection has not, and each look is counted', async () => {
    const counted: string[] = [];
    const query = async (text: string): Promise<never[]> => {
      counted.push(text);
      return [];
    };
    const database = {query, transaction: () => Promise.reject(new Error('none is meant'))};
    const tools = createReadModelTools({clock: createSystemClock(), database, log: quiet}, system.broker);
    await system.settled();
    expect(await tools.writeSide.waiting('ada')).toEqual([]);
    const stalled = stall(0.6);
    await Promise.all([
      write('fourth'),
      system.call('POST', '/v1/activity', {token: await tokens.for('eve'), body: {kind: 'k'}}),
    ]);
    expect(await tools.writeSide.waiting('ada')).toMatchObject([{id: 'fourth', kind: 'k'}]);
    await stalled;
    expect(counted).toHaveLength(2);
  });
});
