import {connect} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Clock} from '../kit/clock.ts';
import type {Database} from '../kit/database.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {BEAT_EVERY_MS, BLOCKED_MAX_MS, createLiveFeed, type Reader} from './live-feed.ts';
import {startTestStream, startTokens, type TestStream, until} from './testing.ts';

const quiet = {debug() {}, info() {}, warn() {}, error() {}};

describe('a live reader', () => {
  let postgres: TestPostgres;
  let tokens: Awaited<ReturnType<typeof startTokens>>;
  let system: TestStream;

  beforeAll(async () => {
    [postgres, tokens] = await Promise.all([startTestPostgres(), startTokens()]);
    system = await startTestStream({
      DATABASE_URL: await postgres.createDatabase(),
      BROKER_URL: await postgres.createDatabase(),
      LINKS: tokens.links,
    });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await Promise.all([postgres[Symbol.asyncDispose](), tokens[Symbol.asyncDispose]()]);
  });

  const report = async (account: string, ids: readonly string[]): Promise<void> => {
    const body = {events: ids.map(id => ({id, kind: 'k'}))};
    expect((await system.call('POST', '/v1/activity', {token: await tokens.for(account), body})).status).toBe(202);
  };

  it('gets what its account does and nothing else, in order', async () => {
    await report('ada', ['before']);
    await system.settled();
    await using reader = await open(system.url, await tokens.for('ada'));
    await report('bob', ['other']);
    await report('ada', ['1', '2', '3']);
    await report('ada', ['4', '2']);
    await until(() => reader.got.length >= 4);
    await system.settled();
    expect(reader.got).toEqual(['1', '2', '3', '4']);
  });

  it('goes on behind the last event it had, over restarts of itself and of the service, without loss or repetition', async () => {
    const token = await tokens.for('eve');
    const sent = Array.from({length: 120}, (_, n) => `e${n}`);
    const got: string[] = [];
    let lastId: string | undefined;
    let ended = false;
    const reading = (async () => {
      for (let lives = 0; got.length < sent.length && !ended; lives += 1) {
        const reader = await open(system.url, token, lastId).catch(() => undefined);
        if (reader === undefined) {
          await sleep(10);
          continue;
        }
        lastId ??= reader.lastId;
        const goal = lives % 2 === 0 ? 7 : Number.POSITIVE_INFINITY;
        await until(
          () => reader.got.length >= goal || reader.isOver() || got.length + reader.got.length >= sent.length,
        );
        await reader[Symbol.asyncDispose]();
        got.push(...reader.got);
        lastId = reader.lastId ?? lastId;
      }
    })();
    await until(() => lastId !== undefined);
    for (let from = 0; from < sent.length; from += 10) {
      await report('eve', sent.slice(from, from + 10));
      if (from % 40 === 20) await system.restart();
    }
    await Promise.race([reading, until(() => got.length >= sent.length)]);
    ended = true;
    expect(got).toEqual(sent);
  });

  it('is sent off when the service drains, which does not wait for it', async () => {
    await using reader = await open(system.url, await tokens.for('ada'));
    await system.restart();
    await until(() => reader.isOver());
  });

  it('is refused without a token and with an id that is none', async () => {
    expect((await system.call('GET', '/v1/live')).status).toBe(401);
    const token = await tokens.for('ada');
    const answer = await system.call('GET', '/v1/live', {token, headers: {'last-event-id': 'x'}});
    expect(answer).toMatchObject({status: 400, type: 'application/problem+json'});
  });
});

describe('the feed of live readers', () => {
  it('keeps nothing for a reader that takes nothing, cuts it, and lets others read on', async () => {
    const {feed, clock, asked, end} = startFeed();
    const slow = createReader(0);
    const quick = createReader(Number.POSITIVE_INFINITY);
    feed.add(slow);
    feed.add(quick);
    await until(() => quick.sent.length > 500);
    expect(slow.sent).toHaveLength(1);
    clock.pass(BLOCKED_MAX_MS);
    await until(() => slow.cuts.length === 1);
    const most = Math.max(...asked.map(rows => rows));
    expect(most).toBeLessThanOrEqual(200);
    const {length} = quick.sent;
    await until(() => quick.sent.length > length);
    expect(quick.cuts).toEqual([]);
    expect(quick.sent).toEqual(quick.sent.map((_, n) => n + 1));
    await end();
  });

  it('goes on with a reader from where it was when it can take more', async () => {
    const {feed, end} = startFeed();
    const reader = createReader(3);
    const {drained} = feed.add(reader);
    await until(() => reader.sent.length === 4);
    reader.room = Number.POSITIVE_INFINITY;
    drained();
    await until(() => reader.sent.length > 300);
    expect(reader.sent).toEqual(reader.sent.map((_, n) => n + 1));
    await end();
  });

  it('shows readers that hear of nothing that the connection is alive', async () => {
    const {feed, clock, end} = startFeed(0);
    const reader = createReader(Number.POSITIVE_INFINITY);
    feed.add(reader);
    clock.pass(BEAT_EVERY_MS);
    await until(() => reader.beats === 1);
    await end();
    expect(reader.cuts).toEqual(['the service is draining']);
  });
});

interface TestReader extends Reader {
  room: number;
  beats: number;
  readonly sent: number[];
  readonly cuts: string[];
}

/** A reader that can take so many events before it is full. */
function createReader(room: number): TestReader {
  const reader: TestReader = {
    account: 'a',
    after: 0,
    room,
    beats: 0,
    sent: [],
    cuts: [],
    send({position}) {
      reader.sent.push(position);
      reader.room -= 1;
      return reader.room >= 0;
    },
    beat() {
      reader.beats += 1;
      return true;
    },
    cut: reason => void reader.cuts.push(reason),
  };
  return reader;
}

/** A feed over an endless account, with a clock that the test moves. */
function startFeed(each = 100) {
  let skipped = 0;
  const asked: number[] = [];
  const clock: Clock & {pass(ms: number): void} = {
    now: () => Date.now(),
    monotonic: () => performance.now() + skipped,
    sleep: (ms, signal) => sleep(Math.min(ms, 5), undefined, {signal: signal as AbortSignal}),
    pass(ms) {
      skipped += ms;
    },
  };
  const query = async (_: string, [, afters]: readonly [unknown, readonly number[]]) => {
    const rows = afters.flatMap((after, n) =>
      Array.from({length: each}, (_, m) => ({
        n: String(n + 1),
        position: String(after + m + 1),
        id: 'i',
        kind: 'k',
        at: new Date(),
      })),
    );
    asked.push(rows.length);
    // As long as an answer takes at least.
    await sleep(1);
    return rows;
  };
  const ending = new AbortController();
  const feed = createLiveFeed({clock, log: quiet, database: {query} as unknown as Database});
  const running = feed.run(ending.signal);
  return {
    feed,
    clock,
    asked,
    async end() {
      ending.abort();
      await running;
    },
  };
}

interface Live extends AsyncDisposable {
  readonly got: readonly string[];
  readonly lastId: string | undefined;
  isOver(): boolean;
}

/** A client that reads byte by byte, over a connection of its own; what it has is what it has read to the end. */
async function open(url: string, token: string, lastId?: string): Promise<Live> {
  const {hostname, port} = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let over = false;
  let last: string | undefined;
  const got: string[] = [];
  socket.on('error', () => undefined);
  socket.on('close', () => {
    over = true;
  });
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      last = /^(?:.*\n)*?id: (\d+)$/m.exec(event)?.[1] ?? last;
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (/^event: activity$/m.test(event)) got.push((JSON.parse(data ?? '') as {id: string}).id);
    }
  });
  const resume = lastId === undefined ? '' : `last-event-id: ${lastId}\r\n`;
  socket.write(`GET /v1/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${resume}\r\n`);
  await until(() => last !== undefined || over);
  if (last === undefined) throw new Error('The stream ended before it began.');
  return {
    got,
    get lastId() {
      return last;
    },
    isOver: () => over,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await until(() => over);
    },
  };
}
