import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {availability} from '../checkers/availability.ts';
import {createFabric} from '../fabric/create-fabric.ts';
import type {FaultRecord} from '../faults/fault.ts';
import {constantArrivals} from '../load/arrivals.ts';
import {createLoadDriver} from '../load/driver.ts';
import {fakeSystem} from './fake-system.ts';
import {type AnyLab, defineLab, type LabTools} from './lab.ts';
import {operationsAt} from './operations.ts';
import {runCheck} from './run-check.ts';
import type {LabSystem} from './system.ts';
import {fail, pass} from './verdict.ts';

const LINK = 'client->gateway-1';
const PATIENCE_MS = 800;
const FAULT_MS = 1_400;
/** The fabric ends the fault by itself; on a busy machine that takes a moment. */
const EDGE_MS = 500;
let root: string;
let undo: (() => Promise<unknown>)[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'teralab-links-'));
  await mkdir(join(root, 'files'));
  await writeFile(join(root, 'files', 'compose.ts'), 'export const compose = () => ({});');
  undo = [() => rm(root, {recursive: true, force: true})];
});
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
});

/** The real fabric and the real driver before one small server; only nodes are not real. */
async function systemWithRealLinks(): Promise<LabSystem> {
  const server = createServer(
    (request, response) => void request.resume().on('end', () => response.end('{"ok":true}')),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const fabric = createFabric();
  const load = createLoadDriver();
  undo.push(
    async () => server.close(),
    () => fabric.stop(),
    () => load.stopAll(),
  );
  const {port} = server.address() as AddressInfo;
  const upstream = {host: '127.0.0.1', port};
  const [proxy] = await fabric.open([
    {name: LINK, link: 'client->gateway', from: 'client', to: 'gateway-1', protocol: 'http', upstream},
  ]);
  const records: FaultRecord[] = [];
  return {
    ...fakeSystem(),
    fabric,
    load,
    gatewayUrls: () => (proxy ? [`http://127.0.0.1:${proxy.address.port}`] : []),
    publicUrls: () => (proxy ? [`http://127.0.0.1:${proxy.address.port}`] : []),
    faults: () => records,
    async inject({kind, target, attributes, forMs, seed, reason}) {
      const plannedAt = Date.now();
      const id = `fault-${records.length + 1}`;
      const endsAt = plannedAt + (forMs ?? 0);
      await fabric.change({
        add: [{id, kind: 'blackhole', proxies: [LINK], stream: 'both', toxicity: 1, seed, attributes: {}, endsAt}],
      });
      const record = {
        id,
        kind,
        target,
        attributes,
        seed,
        reason,
        proxies: [LINK],
        nodes: [],
        undo: 'remove-toxic',
        toxic: 'blackhole',
        state: 'active',
        plannedAt,
        appliedAt: Date.now(),
        endsAt,
        effect: {verdict: 'pending', observed: ''},
      } as const;
      records.push(record);
      return record;
    },
    clearAll: async () => fabric.change({remove: (await fabric.toxics()).map(({id}) => id)}),
  };
}

const asks = (tools: LabTools, count: number) =>
  operationsAt('ask', constantArrivals({ratePerSecond: 50, durationMs: count * 20}), () => ({
    request: {method: 'GET', path: `/${tools.random.hex(8)}`},
    patienceMs: PATIENCE_MS,
  }));

const lab = defineLab<number, {readonly status: number}>({
  id: 'p1-06-a-deadline',
  title: 'A deadline',
  phase: 1,
  weeks: [1, 2],
  objective: 'inter-service communication',
  concepts: [],
  minutes: 5,
  needs: [],
  watch: 'answers',
  seams: {gateway: {compose: 'compose.ts'}},
  setUp: async tools => (await tools.http('POST', '/', {body: {hello: 'world'}})).status,
  baseline: {load: tools => ({operations: asks(tools, 25)}), okShareMin: 1},
  load: tools => ({operations: asks(tools, 150)}),
  faults: () => [{kind: 'blackhole', target: 'client->gateway', atMs: 300, forMs: FAULT_MS}],
  recovery: {withinMs: 2_000, recovered: async tools => (await tools.http('GET', '/')).status === 200},
  final: tools => tools.http('GET', '/'),
  summary: () => [],
  tasks: [
    {
      id: 'bites',
      title: 'The fault bites while it is in force, and not before',
      judges: 'counting',
      codes: ['NO_BITE'],
      judge: ({attack, baseline, faults, requests, times, setup, final}) => {
        const [fault] = faults;
        const endsAt = fault?.endsAt ?? 0;
        // What is given up before the fault ends has not been answered, however late it was sent.
        const during = availability(attack, {from: (fault?.appliedAt ?? 0) + 1, to: endsAt - PATIENCE_MS});
        const after = availability(attack, {from: endsAt + EDGE_MS});
        const seen = `${setup} ${final.status} ${availability(baseline).share} ${during.share} ${after.share} ${times.recoveredAt !== null}`;
        const links = [...new Set(requests.map(({link}) => link))].join();
        return seen === '200 200 1 0 1 true' && links === 'client->gateway'
          ? pass(seen, '')
          : fail('NO_BITE', `${seen} ${links}`, '');
      },
    },
  ],
  wrong: [],
});

it('a check over real links sees its fault come and go', async () => {
  const {result} = await runCheck({
    lab: lab as AnyLab,
    system: await systemWithRealLinks(),
    seed: 11,
    files: join(root, 'files'),
    runFolder: join(root, 'run'),
    emit: () => {},
    signal: new AbortController().signal,
  });
  expect(result.tasks).toMatchObject([{verdict: 'pass', code: null}]);
});
