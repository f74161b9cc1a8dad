import type {Broker, Message} from '../services/kit/broker.ts';
import type {Logger} from '../services/kit/logger.ts';
import {openBroker} from '../services/kit/open-broker.ts';
import {createSystemClock} from '../services/kit/system-clock.ts';
import {natsMissing, startTestNats} from '../services/kit/testing/nats.ts';
import {startTestPostgres} from '../services/kit/testing/postgres.ts';
import {median, option} from './support/report.ts';

/**
 * Both brokers behind the port, in turns in one run: what is published and acknowledged, what a group takes in, how long one message is on
 * its way, what a stored message costs the NATS server in memory. Neither flushes to the disk for each message here (NATS 2.9 cannot;
 * Postgres has fsync off), so both keep what they have over their own crash, not over one of the machine. Options: `--messages 20000`,
 * `--rounds 3`, `--memory 100000`.
 */
const MESSAGES = option('messages', 20_000);
const ROUNDS = option('rounds', 3);
const MEMORY_MESSAGES = option('memory', 100_000);
const BATCH = 200;
const WRITERS = 8;
const SINGLES = 300;

const silent: Logger = {debug() {}, info() {}, warn() {}, error() {}};
const DATA = {account: '8c4d0f9e-6a7e-4a30-9a55-0f2c6f0f1e11', kind: 'opened', note: 'x'.repeat(80)};

type Figures = Record<'batches' | 'writers' | 'consumed' | 'single' | 'delivery', number[]>;

async function main(): Promise<void> {
  const missing = natsMissing();
  if (missing !== undefined) throw new Error(`This bench compares two brokers; it cannot run ${missing}.`);
  await using postgres = await startTestPostgres();
  await using nats = await startTestNats();
  const subjects = [
    {name: 'postgres', url: postgres.url, figures: emptyFigures()},
    {name: 'nats', url: nats.url, figures: emptyFigures()},
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const {name, url, figures} of subjects) await measure(url, `${name}-${round}`, figures);
  }
  print(subjects);
  await measureMemory();
}

/** On a server of its own: what the others left free in its heap would hide it. */
async function measureMemory(): Promise<void> {
  await using nats = await startTestNats();
  const before = nats.rssBytes() ?? Number.NaN;
  await usingBroker(nats.url, async broker => {
    await broker.ensureStream('memory');
    for (let from = 0; from < MEMORY_MESSAGES; from += BATCH * 10)
      await broker.publish('memory', messages('memory', from, BATCH * 10));
  });
  const bytes = ((nats.rssBytes() ?? Number.NaN) - before) / MEMORY_MESSAGES;
  console.log(`nats-server: ${Math.round(bytes)} bytes of memory more for each of ${MEMORY_MESSAGES} stored messages`);
}

async function measure(url: string, stream: string, figures: Figures): Promise<void> {
  await usingBroker(url, async broker => {
    await broker.ensureStream(stream);
    figures.batches.push(
      await perSecond(MESSAGES, async () => {
        for (let from = 0; from < MESSAGES; from += BATCH) await broker.publish(stream, messages('b', from, BATCH));
      }),
    );
    figures.writers.push(
      await perSecond(MESSAGES, async () => {
        const share = MESSAGES / WRITERS;
        await Promise.all(
          Array.from({length: WRITERS}, async (_, writer) => {
            for (let from = 0; from < share; from += 10) await broker.publish(stream, messages(`w${writer}`, from, 10));
          }),
        );
      }),
    );
    figures.single.push(
      1_000 /
        (await perSecond(SINGLES, async () => {
          for (let n = 0; n < SINGLES; n += 1) await broker.publish(stream, messages('s', n, 1));
        })),
    );
    const all = MESSAGES * 2 + SINGLES;
    let got = 0;
    let arrived: () => void = () => undefined;
    figures.consumed.push(
      await perSecond(all, async () => {
        const end = new Promise<void>(resolve => {
          arrived = resolve;
        });
        await broker.consume({stream, group: 'g', member: 'm'}, async batch => {
          got += batch.length;
          if (got >= all) arrived();
          return batch.map(() => ({settle: 'ack'}));
        });
        await end;
      }),
    );
    const times: number[] = [];
    for (let n = 0; n < SINGLES; n += 1) {
      const end = new Promise<void>(resolve => {
        arrived = resolve;
      });
      const begin = performance.now();
      await broker.publish(stream, messages('d', n, 1));
      await end;
      times.push(performance.now() - begin);
    }
    figures.delivery.push(median(times));
  });
}

async function usingBroker(url: string, work: (broker: Broker) => Promise<void>): Promise<void> {
  const broker = await openBroker({url, clock: createSystemClock(), log: silent});
  await work(broker).finally(() => broker.close());
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (count / (performance.now() - begin)) * 1_000;
}

function messages(prefix: string, from: number, count: number): readonly Message[] {
  return Array.from({length: count}, (_, n) => ({
    id: `${prefix}-${from + n}`,
    key: `account-${(from + n) % 97}`,
    type: 'account.opened',
    data: DATA,
  }));
}

function emptyFigures(): Figures {
  return {batches: [], writers: [], consumed: [], single: [], delivery: []};
}

const ROWS: readonly (readonly [keyof Figures, string])[] = [
  ['batches', `published/s, batches of ${BATCH}`],
  ['writers', `published/s, ${WRITERS} writers, batches of 10`],
  ['consumed', 'consumed/s'],
  ['single', 'publish one, ms'],
  ['delivery', 'published until delivered, p50 ms'],
];

function print(subjects: readonly {readonly name: string; readonly figures: Figures}[]): void {
  const cells = (row: readonly string[]): string =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(40) : cell.padStart(12))).join('');
  console.log(cells(['broker', ...subjects.map(({name}) => name), 'nats : pg']));
  for (const [key, what] of ROWS) {
    const values = subjects.map(({figures}) => median(figures[key]));
    const ratio = (values[1] ?? Number.NaN) / (values[0] ?? Number.NaN);
    console.log(cells([what, ...values.map(value => value.toFixed(value < 100 ? 2 : 0)), `${ratio.toFixed(2)} x`]));
  }
}

await main();
