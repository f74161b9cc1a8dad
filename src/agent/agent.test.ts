import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {Worker} from 'node:worker_threads';
import {build} from 'esbuild';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {asTestServer, proxySpec, serve, serveEcho, toxic} from '../fabric/testing.ts';
import {type AgentEntries, startAgent} from './agent.ts';
import {workerChannel} from './channel.ts';
import {connect} from './connect.ts';
import {takesTelemetry} from './testing/takes-telemetry.ts';

describe('the agent', () => {
  let folder = '';
  let entries: AgentEntries;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-agent-'));
    const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
    await build({
      entryPoints: [source('./fabric-thread.ts'), source('./load-thread.ts'), source('./telemetry-thread.ts')],
      outdir: folder,
      bundle: true,
      platform: 'node',
      format: 'esm',
      outExtension: {'.js': '.mjs'},
      banner: {js: "import {createRequire} from 'node:module';const require=createRequire(import.meta.url);"},
      logLevel: 'error',
    });
    entries = {
      fabric: pathToFileURL(join(folder, 'fabric-thread.mjs')),
      load: pathToFileURL(join(folder, 'load-thread.mjs')),
      telemetry: pathToFileURL(join(folder, 'telemetry-thread.mjs')),
    };
  });
  afterAll(() => rm(folder, {recursive: true, force: true}));

  it('carries links on a thread, and errors keep their code', async () => {
    await using upstream = await serveEcho();
    await using agent = await startAgent(entries);
    const [open] = await agent.fabric.open([proxySpec(upstream.address)]);
    expect(open?.name).toBe('gateway-1->identity-1');
    expect(await agent.fabric.probe('gateway-1->identity-1', {count: 2, timeoutMs: 5_000})).toMatchObject({
      answered: 2,
    });
    await agent.fabric.change({add: [toxic('refuse')]});
    expect(await agent.fabric.toxics()).toMatchObject([{id: 'refuse-1'}]);
    expect(await agent.fabric.counters()).toMatchObject([{listening: false}]);
    await expect(agent.fabric.change({add: [toxic('latency', {attributes: {latncy: 1}})]})).rejects.toMatchObject({
      name: 'LabError',
      code: 'UNKNOWN_ATTRIBUTE',
      exit: 2,
    });
    await agent.fabric.close(['gateway-1->identity-1']);
  });

  it('takes telemetry of who has the environment for it, and sends it on to a collector', async () => {
    await using agent = await startAgent(entries);
    await takesTelemetry(agent.telemetry);
  });

  it('drives load, and reads a log of more than one page', async () => {
    await using upstream = await asTestServer(
      createServer((_, reply) => reply.end('{}')),
      new Set(),
    );
    await using agent = await startAgent(entries);
    const [open] = await agent.fabric.open([proxySpec(upstream.address, {protocol: 'http'})]);
    const ledgerFile = join(folder, 'ledger.jsonl');
    const operations = Array.from({length: 200}, (_, index) => ({
      id: `o${index}`,
      name: 'read',
      atMs: index,
      request: {method: 'GET' as const, path: `/${index}`},
      patienceMs: 10_000,
    }));
    const run = await agent.load.start(
      {name: 'test', operations, targets: [`http://127.0.0.1:${open?.address.port}`]},
      {ledgerFile, phase: 'attack'},
    );
    expect((await run.summary()).sent).toBeLessThanOrEqual(200);
    const summary = await run.done;
    expect(summary).toMatchObject({sent: 200, ok: 200});
    expect(await run.summary()).toEqual(summary);
    expect((await readFile(ledgerFile, 'utf8')).trim().split('\n')).toHaveLength(200);
    expect(await agent.fabric.requests(0)).toHaveLength(200);
    const echo = await agent.load.echo();
    expect(echo.port).toBeGreaterThan(0);
    await agent.load.stopAll();
  });

  it('answers every call when a thread ends', async () => {
    await using silent = await serve(() => {});
    await using agent = await startAgent(entries);
    await agent.fabric.open([proxySpec(silent.address)]);
    const operations = [
      {id: 'o', name: 'read', atMs: 60_000, request: {method: 'GET' as const, path: '/'}, patienceMs: 1_000},
    ];
    const run = await agent.load.start(
      {name: 'test', operations, targets: ['http://127.0.0.1:9']},
      {ledgerFile: join(folder, 'other.jsonl'), phase: 'attack'},
    );
    const probe = agent.fabric.probe('gateway-1->identity-1', {count: 1, timeoutMs: 60_000});
    const outcomes = Promise.allSettled([probe, run.done]);
    await agent.stop();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({status: 'rejected', reason: {code: 'NODE_GONE'}});
    await expect(agent.fabric.counters()).rejects.toMatchObject({code: 'NODE_GONE'});
    expect((await agent.gone).code).toBe('NODE_GONE');
  });

  it('rejects when a thread cannot start, with the reason', async () => {
    const broken = new URL('data:text/javascript,throw new Error("no such luck")');
    await expect(startAgent({...entries, fabric: broken})).rejects.toMatchObject({
      code: 'NODE_GONE',
      message: expect.stringContaining('no such luck'),
    });
  });
});

describe('a thread', () => {
  it('rejects a call with arguments that cannot cross', async () => {
    const worker = new Worker('setInterval(() => {}, 1000)', {eval: true});
    const thread = connect<{take(what: unknown): Promise<void>}>(workerChannel(worker), 'test');
    await expect(thread.call('take', () => {})).rejects.toThrow(/could not be cloned/);
    await thread.terminate();
  });
});
