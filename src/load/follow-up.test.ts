import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {createLoadDriver} from './driver.ts';
import {readLedger} from './ledger.ts';
import type {FollowUp, LoadDriver, Operation} from './load.ts';

let folder: string;
let driver: LoadDriver;
let server: Server;
let url: string;
const seen: {method: string | undefined; position: unknown}[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-'));
  driver = createLoadDriver();
  seen.length = 0;
  let positions = 0;
  server = createServer((request, response) => {
    seen.push({method: request.method, position: request.headers['x-position']});
    const status = {'/write': 202, '/refused': 400, '/late': 412}[request.url ?? ''] ?? 200;
    // One that has nothing to say of positions, so that the one from before is carried on.
    response.writeHead(status, status === 412 ? {} : {'x-position': `p${++positions}`}).end('{}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await driver.stopAll();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  await rm(folder, {recursive: true});
});

const read = (path: string, next?: FollowUp): FollowUp => ({
  name: 'read',
  afterMs: 10,
  request: {method: 'GET', path},
  patienceMs: 1_000,
  carry: ['x-position'],
  ...(next === undefined ? {} : {next}),
});

async function run(operations: readonly Operation[]) {
  const ledgerFile = join(folder, 'ledger.jsonl');
  const started = await driver.start({name: 'test', operations, targets: [url]}, {ledgerFile, phase: 'test'});
  return {summary: await started.done, entries: await readLedger(ledgerFile)};
}

it('has a client go on when it has its answer, with what the answers gave it', async () => {
  const {summary, entries} = await run([
    {
      ...{id: 'pair-1', name: 'write', atMs: 0, patienceMs: 1_000},
      request: {method: 'POST', path: '/write', body: '{}'},
      next: read('/late', read('/read', read('/read'))),
    },
  ]);
  expect(seen).toEqual([
    {method: 'POST', position: undefined},
    {method: 'GET', position: 'p1'},
    {method: 'GET', position: 'p1'},
    {method: 'GET', position: 'p2'},
  ]);
  expect(entries.map(({id, name, outcome}) => [id, name, outcome])).toEqual([
    ['pair-1', 'write', 'ok'],
    ['pair-1.2', 'read', 'fail'],
    ['pair-1.3', 'read', 'ok'],
    ['pair-1.4', 'read', 'ok'],
  ]);
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1]?.sends[0];
    if (before !== undefined) expect(entry.intendedAt).toBeGreaterThanOrEqual(before.at + before.durationMs + 8);
  }
  expect(summary).toMatchObject({sent: 4, ok: 3, failed: 1});
});

it('lets nothing follow what was not taken', async () => {
  const {entries} = await run([
    {
      ...{id: 'pair-1', name: 'write', atMs: 0, patienceMs: 1_000},
      request: {method: 'POST', path: '/refused', body: '{}'},
      next: read('/read'),
    },
  ]);
  expect(entries.map(({id}) => id)).toEqual(['pair-1']);
});
