import {readFileSync} from 'node:fs';
import {cpus, loadavg} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {natsMissing, startTestNats} from '../services/kit/testing/nats.ts';
import {startTestPostgres} from '../services/kit/testing/postgres.ts';
import {type ServiceProcess, spawnService} from '../services/kit/testing/process.ts';
import {startTokens} from '../services/stream/testing.ts';
import {median, option} from './support/report.ts';

/**
 * What stream takes in and counts, end to end: batches over HTTP, through the broker, until `/v1/windows` holds all of them. After it five times
 * the goal is sent for a while, come what may: what is refused, and what memory the process takes at most. Stream, its database, the broker and
 * the senders share this machine. Options: `--events 50000`, `--batch 250`, `--rounds 3`, `--overload-seconds 8`, `--durable 1` (Postgres with fsync, as
 * the lab has it).
 */
const EVENTS = option('events', 50_000);
const BATCH = option('batch', 250);
const ROUNDS = option('rounds', 3);
const OVERLOAD_SECONDS = option('overload-seconds', 8);
const DURABLE = option('durable', 0) === 1;
const SENDERS = 6;
const ACCOUNTS = 50;
const GOAL_PER_SECOND = 5_000;
const OVERLOAD = 5;

interface Subject {
  readonly url: string;
  readonly process: ServiceProcess;
  readonly tokens: readonly string[];
}

async function main(): Promise<void> {
  await using postgres = await startTestPostgres({durable: DURABLE});
  await using tokens = await startTokens();
  const file = fileURLToPath(new URL('../services/stream.cjs', import.meta.url));
  const accounts = await Promise.all(Array.from({length: ACCOUNTS}, (_, n) => tokens.for(`account-${n}`)));
  const measure = async (name: string, brokerUrl: string): Promise<void> => {
    const env = {DATABASE_URL: await postgres.createDatabase(), BROKER_URL: brokerUrl, LINKS: tokens.links};
    await using process = spawnService(file, {...env, LOG_LEVEL: 'info'});
    await report(name, {url: await process.url(), process, tokens: accounts});
  };
  await measure('postgres', await postgres.createDatabase());
  const missing = natsMissing();
  if (missing !== undefined) return console.log(`nats: left out ${missing}`);
  await using nats = await startTestNats();
  await measure('nats', nats.url);
}

async function report(name: string, subject: Subject): Promise<void> {
  const rates: number[] = [];
  const cpuBefore = cpuSeconds(subject.process);
  for (let round = 0; round < ROUNDS; round += 1) rates.push(await countAll(subject));
  const cpuMicroseconds = ((cpuSeconds(subject.process) - cpuBefore) / (EVENTS * ROUNDS)) * 1e6;
  console.log(
    `${name}: ${Math.round(median(rates))} events/s from the first request until the windows hold all (rounds: ${rates.map(Math.round).join(', ')}), ` +
      `${Math.round(cpuMicroseconds)} us of CPU an event in stream itself, batches of ${BATCH}, ${SENDERS} senders, ${cpus().length} cores, load ${loadavg()
        .map(load => load.toFixed(1))
        .join(' ')}`,
  );
  const {accepted, refused, failed, withoutRetryAfter, mostBytes, idleBytes, sentMs, drainedMs} =
    await overload(subject);
  const rate = (events: number): number => Math.round((events / sentMs) * 1_000);
  console.log(
    `${name}: meant ${GOAL_PER_SECOND * OVERLOAD} events/s for ${OVERLOAD_SECONDS} s, sent and answered within ${(sentMs / 1_000).toFixed(1)} s: ${rate(accepted)}/s accepted, ${rate(refused)}/s refused ` +
      `(${withoutRetryAfter} answers without Retry-After), ${failed} requests failed otherwise, memory ${megabytes(idleBytes)} -> ${megabytes(mostBytes)} MB ` +
      `at most, counted ${Math.round(drainedMs)} ms after the end`,
  );
}

/** Events a second. */
async function countAll(subject: Subject): Promise<number> {
  const before = await counted(subject);
  const begin = performance.now();
  let left = Math.ceil(EVENTS / BATCH);
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const n = left;
      for (;;) {
        const {status} = await send(subject, n);
        if (status === 202) break;
        if (status !== 503) throw new Error(`A batch was answered ${status}.`);
        await sleep(100);
      }
    }
  };
  await Promise.all(Array.from({length: SENDERS}, sender));
  const all = Math.ceil(EVENTS / BATCH) * BATCH;
  while ((await counted(subject)) - before < all) await sleep(100);
  return (all / (performance.now() - begin)) * 1_000;
}

async function overload(subject: Subject) {
  const {process} = subject;
  const outcome = {accepted: 0, refused: 0, failed: 0, withoutRetryAfter: 0};
  const idleBytes = residentBytes(process);
  let mostBytes = idleBytes;
  const before = await counted(subject);
  const begin = performance.now();
  const under = new Set<Promise<void>>();
  const perSecond = (GOAL_PER_SECOND * OVERLOAD) / BATCH;
  for (let n = 0; n < perSecond * OVERLOAD_SECONDS; n += 1) {
    await sleep(Math.max(0, begin + (n / perSecond) * 1_000 - performance.now()));
    mostBytes = Math.max(mostBytes, residentBytes(process));
    const one = send(subject, n).then(
      ({status, retryAfter}) => {
        if (status === 202) outcome.accepted += BATCH;
        else {
          outcome.refused += BATCH;
          if (retryAfter === null) outcome.withoutRetryAfter += 1;
        }
      },
      () => {
        outcome.failed += 1;
      },
    );
    under.add(one);
    void one.finally(() => under.delete(one));
  }
  await Promise.all(under);
  const end = performance.now();
  while ((await counted(subject)) - before < outcome.accepted) await sleep(50);
  mostBytes = Math.max(mostBytes, residentBytes(process));
  return {...outcome, idleBytes, mostBytes, sentMs: end - begin, drainedMs: performance.now() - end};
}

let batches = 0;

async function send({url, tokens}: Subject, n: number): Promise<{status: number; retryAfter: string | null}> {
  batches += 1;
  const id = batches;
  const events = Array.from({length: BATCH}, (_, m) => ({id: `${id}-${m}`, kind: 'measured'}));
  const response = await fetch(`${url}/v1/activity`, {
    method: 'POST',
    headers: {authorization: `Bearer ${tokens[n % tokens.length]}`, 'content-type': 'application/json'},
    body: JSON.stringify({events}),
  });
  await response.arrayBuffer();
  return {status: response.status, retryAfter: response.headers.get('retry-after')};
}

/** Events in all windows, and late ones. */
async function counted({url}: Subject): Promise<number> {
  const response = await fetch(`${url}/v1/windows?size=24h`);
  const {windows, late} = (await response.json()) as {windows: readonly {count: number}[]; late: number};
  return windows.reduce((sum, {count}) => sum + count, late);
}

function residentBytes({child}: ServiceProcess): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}

/** Hundredths of a second is what Linux counts in. */
function cpuSeconds({child}: ServiceProcess): number {
  const [, user, system] =
    /^\d+ \(.*\)(?: \S+){11} (\d+) (\d+) /.exec(readFileSync(`/proc/${child.pid}/stat`, 'utf8')) ?? [];
  return (Number(user) + Number(system)) / 100;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

await main();
