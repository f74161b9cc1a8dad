import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type RequestListener, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {constantArrivals} from './arrivals.ts';
import {createLoadDriver} from './driver.ts';
import {readLedger} from './ledger.ts';
import type {LedgerEntry, LoadDriver, LoadPlan, LoadSummary, Operation} from './load.ts';
import {latencySummary} from './summary.ts';

let folder: string;
let driver: LoadDriver;
let servers: Server[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-'));
  driver = createLoadDriver();
  servers = [];
});

afterEach(async () => {
  await driver.stopAll();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
  await rm(folder, {recursive: true});
});

describe('the load driver', () => {
  it("reports what its clients waited: never less than the server took, and the ledger's median as p50, within 2 %", async () => {
    const delays: number[] = [];
    const url = await serve((_request, response) => {
      const since = performance.now();
      setTimeout(() => {
        delays.push(performance.now() - since);
        response.end('late');
      }, 100);
    });
    const {summary, entries} = await run({operations: gets({ratePerSecond: 50, durationMs: 1500})}, [url]);
    const median = latencySummary(entries.map(entry => entry.latencyMs)).p50;
    expect(summary.ok).toBe(75);
    expect(Math.min(...entries.map(entry => entry.latencyMs))).toBeGreaterThan(Math.min(...delays));
    expect(summary.latencyMs.p50 / median).toBeGreaterThan(0.98);
    expect(summary.latencyMs.p50 / median).toBeLessThan(1.02);
  });

  it('counts latency from the intended start, so that a stall shows in all operations that it held up', async () => {
    // One answer at a time, as a server with one worker: what comes during the stall waits.
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      if (requests === 30) block(1000);
      response.end();
    });
    const {summary, entries} = await run({operations: gets({ratePerSecond: 100, durationMs: 2000})}, [url]);
    expect(summary.latencyMs.p99).toBeGreaterThan(900);
    expect(summary.sent).toBe(200);
    // The block holds up this process and so the driver, which sends late: only the intended start tells.
    expect(summary.latencyMs.p90 - summary.uncorrectedMs.p90).toBeGreaterThan(400);
    expect(entries.filter(entry => entry.latencyMs > 400).length).toBeGreaterThan(40);
  });

  it('sends every operation of a plan of 500/s, and says the rate at which they came due', async () => {
    const url = await serve((_request, response) => void response.end());
    const {summary, entries} = await run({operations: gets({ratePerSecond: 500, durationMs: 2000})}, [url]);
    expect(summary).toMatchObject({sent: 1000, ok: 1000, failed: 0, dropped: 0});
    // Intended moments are the plan's, whatever the machine did in between.
    const intended = entries.map(entry => entry.intendedAt).toSorted((a, b) => a - b);
    expect((intended.at(-1) ?? 0) - (intended[0] ?? 0)).toBeCloseTo(1998, 0);
    expect(summary.rate).toBeGreaterThan(400);
    expect(summary.rate).toBeLessThan(510);
  });

  it('sends again after lost answers and server errors, with the same headers and body, to the next target', async () => {
    const seen: {target: number; key: unknown; body: string}[] = [];
    const answer =
      (target: number): RequestListener =>
      async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        seen.push({target, key: request.headers['idempotency-key'], body});
        if (seen.length === 1) request.socket.resetAndDestroy();
        else response.writeHead(seen.length === 2 ? 503 : 201, {'content-type': 'application/json'}).end('{"id":7}');
      };
    const urls = [await serve(answer(0)), await serve(answer(1))];
    const operation = post({retry: {sendsMax: 3, backoffMs: 5, timeoutMs: 1000}});
    const {
      entries: [entry],
    } = await run({operations: [operation]}, urls);
    expect(seen).toEqual([0, 1, 0].map(target => ({target, key: 'k1', body: '{"name":"ada"}'})));
    expect(entry).toMatchObject({outcome: 'ok', status: 201});
    expect(entry?.sends.map(send => send.error ?? send.status)).toEqual(['ECONNRESET', 503, 201]);
    expect(entry?.sends.map(send => send.to)).toEqual([urls[0], urls[1], urls[0]]);
    expect(entry?.sends[2]).toMatchObject({contentType: 'application/json', body: '{"id":7}'});
    expect(entry?.operation.facts).toEqual({account: 'ada'});
  });

  it('does not send again after a 4xx, which is a definite failure', async () => {
    const url = await serve((_request, response) => void response.writeHead(422).end());
    const operation = post({retry: {sendsMax: 3, backoffMs: 5, timeoutMs: 1000}});
    const {
      summary,
      entries: [entry],
    } = await run({operations: [operation]}, [url]);
    expect(entry).toMatchObject({outcome: 'fail', status: 422});
    expect(entry?.sends).toHaveLength(1);
    expect(summary).toMatchObject({ok: 0, failed: 1});
  });

  it('leaves it open whether a request took effect when a 4xx follows a lost answer', async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      if (requests === 1) request.socket.resetAndDestroy();
      else response.writeHead(409).end();
    });
    const operation = post({retry: {sendsMax: 3, backoffMs: 5, timeoutMs: 1000}});
    const {
      entries: [entry],
    } = await run({operations: [operation]}, [url]);
    expect(entry).toMatchObject({outcome: 'info', status: 409});
  });

  it('sends copies at the same instant and takes the success of any of them', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(requests === 1 ? 409 : 201).end();
    });
    const {
      entries: [entry],
    } = await run({operations: [post({copies: 2})]}, [url]);
    expect(entry).toMatchObject({outcome: 'ok', status: 201});
    const [first, second] = entry?.sends ?? [];
    expect(Math.abs((first?.at ?? 0) - (second?.at ?? 0))).toBeLessThan(5);
  });

  it('sends once more some time after the first answer where the client repeats itself', async () => {
    const url = await serve((_request, response) => void response.writeHead(201).end());
    const {
      entries: [entry],
    } = await run({operations: [post({repeatAfterMs: 60})]}, [url]);
    const [first, second] = entry?.sends ?? [];
    expect(entry?.sends).toHaveLength(2);
    const betweenMs = (second?.at ?? 0) - (first?.at ?? 0);
    expect(betweenMs).toBeGreaterThan(59);
    // The repetition is not waited for: the latency is that of the first answer.
    expect(entry?.latencyMs).toBeLessThan(betweenMs + (first?.at ?? 0) - (entry?.intendedAt ?? 0));
  });

  it('gives up at the end of patience, counted from the intended start', async () => {
    const url = await serve(() => {});
    const operation = post({patienceMs: 300, retry: {sendsMax: 9, backoffMs: 10, timeoutMs: 120}});
    const {
      entries: [entry],
    } = await run({operations: [operation]}, [url]);
    expect(entry).toMatchObject({outcome: 'info', status: null});
    // Three fit into the patience; a machine that was away for a moment sends fewer, and never more.
    expect([1, 2, 3]).toContain(entry?.sends.length);
    expect(new Set(entry?.sends.map(send => send.error))).toEqual(new Set(['timeout']));
    // It ends where no further send would come before the end of patience: a back-off (and what a timer is early) before that at most.
    expect(entry?.latencyMs).toBeGreaterThan(300 - 10 - 2);
  });

  it('counts what would be more than the limit under way as dropped', async () => {
    const url = await serve((_request, response) => void setTimeout(() => response.end(), 300));
    const plan = {operations: gets({ratePerSecond: 100, durationMs: 200}), inFlightMax: 5};
    const {summary, entries} = await run(plan, [url]);
    expect(summary).toMatchObject({sent: 5, ok: 5, dropped: 15});
    expect(entries.filter(entry => entry.outcome === 'dropped')).toHaveLength(15);
  });

  it('tells a refused connection, which surely had no effect, from a connection that ended', async () => {
    const gone = await serve(() => {});
    const server = servers.pop();
    await new Promise(resolve => server?.close(resolve));
    const refused = await run({operations: [post({})]}, [gone]);
    expect(refused.entries[0]).toMatchObject({outcome: 'fail', status: null, sends: [{error: 'ECONNREFUSED'}]});
    const ending = await serve(request => void request.socket.end());
    const ended = await run({operations: [post({})]}, [ending]);
    expect(ended.entries[0]).toMatchObject({outcome: 'info', status: null, sends: [{error: 'closed'}]});
  });

  it('stops early once enough operations were acknowledged', async () => {
    const url = await serve((_request, response) => void response.end());
    const {summary} = await run({operations: gets({ratePerSecond: 100, durationMs: 20_000}), stopAfterOk: 10}, [url]);
    expect(summary.ok).toBeGreaterThanOrEqual(10);
    expect(summary.sent).toBeLessThan(1_000);
  });

  it('has every counted operation in the ledger, and keeps no more than 4 KiB of an answer', async () => {
    const url = await serve((_request, response) => void response.end('x'.repeat(10_000)));
    const ledgerFile = join(folder, 'live.jsonl');
    const plan = {name: 'live', targets: [url], operations: gets({ratePerSecond: 100, durationMs: 10_000})};
    const load = await driver.start(plan, {ledgerFile, phase: 'attack'});
    const live = await vi.waitUntil(async () => {
      const summary = await load.summary();
      return summary.ok >= 20 && summary;
    }, 10_000);
    expect((await readLedger(ledgerFile)).length).toBeGreaterThanOrEqual(live.ok);
    await load.stop();
    await load.done;
    const entries = await readLedger(ledgerFile);
    expect(entries.length).toBeLessThan(1_000);
    expect(entries[0]?.sends[0]?.body).toHaveLength(4096);
    expect(entries[0]?.phase).toBe('attack');
  });

  it('sends an operation to the target that it names, the others in turn, and keeps what an answer says of coming again', async () => {
    const [one, other] = [
      await serve((_request, response) => void response.writeHead(429, {'retry-after': '7'}).end()),
      await serve((_request, response) => void response.end()),
    ];
    const operations = Array.from({length: 6}, (_, index) =>
      post({id: `op-${index}`, ...(index < 4 ? {target: 0} : {})}),
    );
    const {entries} = await run({operations}, [one, other]);
    const sends = entries.flatMap(({sends}) => sends);
    expect(sends.filter(({to}) => to === one)).toHaveLength(5);
    expect(sends.filter(({retryAfter}) => retryAfter === '7')).toHaveLength(5);
  });

  it('refuses a ledger that cannot be written', async () => {
    const plan = {name: 'x', targets: ['http://127.0.0.1:1'], operations: []};
    const started = driver.start(plan, {ledgerFile: join(folder, 'none', 'l.jsonl'), phase: 'attack'});
    await expect(started).rejects.toMatchObject({code: 'NOT_ALLOWED'});
  });

  it('ends at once when everything is stopped, and records what was under way', async () => {
    const url = await serve(() => {});
    const ledgerFile = join(folder, 'stopped.jsonl');
    const load = await driver.start(
      {name: 'x', targets: [url], operations: [post({patienceMs: 60_000})]},
      {ledgerFile, phase: 'attack'},
    );
    await driver.stopAll();
    expect(await load.done).toMatchObject({sent: 1, failed: 1});
    expect((await readLedger(ledgerFile))[0]?.sends[0]?.error).toBe('aborted');
  });

  it('answers 204 at its echo', async () => {
    const {host, port} = await driver.echo();
    expect(await driver.echo()).toEqual({host, port});
    const {summary} = await run({operations: gets({ratePerSecond: 20, durationMs: 200})}, [`http://${host}:${port}`]);
    expect(summary.ok).toBe(4);
  });
});

async function run(
  plan: Omit<LoadPlan, 'name' | 'targets'>,
  targets: readonly string[],
): Promise<{summary: LoadSummary; entries: readonly LedgerEntry[]}> {
  const ledgerFile = join(folder, `${performance.now()}.jsonl`);
  const load = await driver.start({name: 'test', targets, ...plan}, {ledgerFile, phase: 'attack'});
  const summary = await load.done;
  return {summary, entries: await readLedger(ledgerFile)};
}

function gets(options: {ratePerSecond: number; durationMs: number}): Operation[] {
  return constantArrivals(options).map((atMs, index) => ({
    id: `op-${index}`,
    name: 'read',
    atMs,
    request: {method: 'GET', path: '/'},
    patienceMs: 5000,
  }));
}

function post(options: Partial<Operation>): Operation {
  const headers = {'content-type': 'application/json', 'idempotency-key': 'k1'};
  const request = {method: 'POST', path: '/v1/accounts', headers, body: '{"name":"ada"}'} as const;
  return {id: 'op-0', name: 'register', atMs: 0, request, patienceMs: 2000, facts: {account: 'ada'}, ...options};
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
