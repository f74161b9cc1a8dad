import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres} from '../kit/testing/postgres.ts';
import {startUpstream, type TestUpstream} from '../kit/testing/upstream.ts';
import {gateway} from './gateway.ts';
import {clientOf} from './limit-clients.ts';

let folder: string;
let stream: TestUpstream;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-limits-'));
  stream = await startUpstream('stream-1');
});
afterEach(async () => {
  await stream[Symbol.asyncDispose]();
  await rm(folder, {recursive: true});
});

it('answers 429 with Retry-After to a client above his limit, and passes the others on', async () => {
  await using front = await startGateway({limits: 'export const limitOf = () => ({ratePerSecond: 0.2, burst: 3});'});
  const statuses = [];
  for (let sent = 0; sent < 4; sent += 1) statuses.push((await ask(front.url, 'a')).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const refused = await ask(front.url, 'a');
  expect([refused.headers.get('content-type'), await refused.json()]).toMatchObject([
    'application/problem+json',
    {status: 429, type: 'urn:teralab:problem:rate-limited'},
  ]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(5);
  expect((await ask(front.url, 'b')).status).toBe(200);
  expect(stream.received).toHaveLength(4);
  expect((await fetch(`${front.url}/livez`, {headers: {'x-client-id': 'a'}})).status).toBe(200);
});

it('holds a client to one limit over two gateways that share a broker', async () => {
  await using postgres = await startTestPostgres();
  const limits = 'export const limitOf = () => ({ratePerSecond: 0.2, burst: 20});';
  await using one = await startGateway({limits}, postgres.url);
  await using other = await startGateway({limits}, postgres.url);
  // Slower than the store answers, and fast enough that nothing is paid back.
  const granted = {one: 0, other: 0};
  for (let sent = 0; sent < 20; sent += 1) if ((await ask(one.url, 'a')).status === 200) granted.one += 1;
  for (let sent = 0; sent < 20; sent += 1) if ((await ask(other.url, 'a')).status === 200) granted.other += 1;
  expect(granted.one).toBeGreaterThanOrEqual(19);
  expect(granted.other).toBeLessThanOrEqual(4);
});

it.each([
  ['throws', '() => { throw new Error("no"); }'],
  ['rejects', 'async () => { throw new Error("no"); }'],
  ['says nothing', '() => undefined'],
])('answers 500 when a limiter %s', async (_what, take) => {
  await using front = await startGateway({
    'rate-limit': `export const createRateLimit = () => ({take: ${take}});`,
  });
  expect((await ask(front.url, 'a')).status).toBe(500);
});

it.each([
  [{account: 'a-1', headers: {'x-client-id': 'c'}, ip: '10.0.0.1'}, 'account:a-1'],
  [{account: '', headers: {'x-client-id': 'c'}, ip: '10.0.0.1'}, 'client:c'],
  [{account: '', headers: {}, ip: '10.0.0.1'}, 'address:10.0.0.1'],
])('takes %j for %s', (request, client) => {
  expect(clientOf(request)).toBe(client);
});

async function startGateway(seams: Readonly<Record<string, string>>, brokerUrl?: string) {
  const files = Object.entries(seams).map(async ([seam, text]) => {
    const file = join(folder, `${seam}.mjs`);
    await writeFile(file, text);
    return [seam, file] as const;
  });
  return startInProcess(gateway, {
    LINKS: JSON.stringify({stream: [stream.instance]}),
    SEAMS: JSON.stringify(Object.fromEntries(await Promise.all(files))),
    ...(brokerUrl === undefined ? {} : {BROKER_URL: brokerUrl}),
  });
}

function ask(url: string, client: string): Promise<Response> {
  return fetch(`${url}/v1/windows`, {headers: {'x-client-id': client}});
}
