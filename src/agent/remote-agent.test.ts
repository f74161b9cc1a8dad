import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, request} from 'node:http';
import {createServer as createTcpServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {freePort} from '../../test/support/free-port.ts';
import {asTestServer, proxySpec, serveEcho} from '../fabric/testing.ts';
import {type AgentEndpoint, connectAgent} from './remote-agent.ts';
import {takesTelemetry} from './testing/takes-telemetry.ts';

const TOKEN = 'a token of more than sixteen characters';

/** The agent's program as its container runs it, in a process of this machine. */
describe('an agent behind a port', () => {
  let folder = '';
  let program: ChildProcess;
  let telemetryPort = 0;
  let endpoint: AgentEndpoint;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-remote-agent-'));
    const source = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
    await build({
      entryPoints: {
        agent: source('container-main'),
        'fabric-thread': source('fabric-thread'),
        'load-thread': source('load-thread'),
        'telemetry-thread': source('telemetry-thread'),
      },
      outdir: folder,
      bundle: true,
      platform: 'node',
      format: 'esm',
      outExtension: {'.js': '.mjs'},
      banner: {js: "import {createRequire} from 'node:module';const require=createRequire(import.meta.url);"},
      logLevel: 'error',
    });
  });
  afterAll(() => rm(folder, {recursive: true, force: true}));

  beforeEach(async () => {
    const port = await freePort();
    telemetryPort = await freePort();
    endpoint = {address: {host: '127.0.0.1', port}, host: '127.0.0.1', token: TOKEN, container: 'c0ffee'};
    program = spawn(process.execPath, [join(folder, 'agent.mjs')], {
      env: {
        ...process.env,
        AGENT_PORT: String(port),
        AGENT_TELEMETRY_PORT: String(telemetryPort),
        AGENT_TOKEN: TOKEN,
        AGENT_HOST: '127.0.0.1',
      },
      stdio: 'ignore',
    });
  });
  afterEach(async () => {
    if (program.exitCode !== null || program.signalCode !== null) return;
    program.kill('SIGKILL');
    await once(program, 'exit');
  });

  it('carries links, and errors keep their code', async () => {
    await using upstream = await serveEcho();
    await using agent = await connectAgent(endpoint);
    expect(agent.place).toEqual({container: 'c0ffee'});
    const [open] = await agent.fabric.open([proxySpec(upstream.address)]);
    expect(open?.address.host).toBe('127.0.0.1');
    expect(await agent.fabric.probe('gateway-1->identity-1', {count: 2, timeoutMs: 5_000})).toMatchObject({
      answered: 2,
    });
    await expect(agent.fabric.close(['no such link'])).rejects.toMatchObject({code: 'UNKNOWN_TARGET', exit: 2});
  });

  it('writes the ledger of a load where the caller is, all of it before the load has ended', async () => {
    await using upstream = await asTestServer(
      createServer((_, reply) => reply.end('{}')),
      new Set(),
    );
    await using agent = await connectAgent(endpoint);
    const [open] = await agent.fabric.open([proxySpec(upstream.address, {protocol: 'http'})]);
    const ledgerFile = join(folder, 'ledger.jsonl');
    const operations = Array.from({length: 300}, (_, index) => ({
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
    expect(await run.done).toMatchObject({sent: 300, ok: 300});
    const ids = (await readFile(ledgerFile, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).id);
    expect(ids.toSorted()).toEqual(operations.map(({id}) => id).toSorted());
    expect(await agent.fabric.requests(0)).toHaveLength(300);
  });

  it('takes telemetry of who has the environment for it, and sends it on to a collector', async () => {
    await using agent = await connectAgent(endpoint);
    const {OTEL_EXPORTER_OTLP_HEADERS} = await agent.telemetry.environment();
    expect(OTEL_EXPORTER_OTLP_HEADERS).not.toContain(TOKEN);
    await takesTelemetry(agent.telemetry, telemetryPort);
  });

  it('says that a ledger cannot be written', async () => {
    await using agent = await connectAgent(endpoint);
    await expect(
      agent.load.start(
        {name: 'test', operations: [], targets: ['http://127.0.0.1:9']},
        {ledgerFile: join(folder, 'agent.mjs', 'ledger.jsonl'), phase: 'attack'},
      ),
    ).rejects.toMatchObject({code: 'NOT_ALLOWED'});
  });

  it('lets nobody in without the token', async () => {
    await using agent = await connectAgent(endpoint);
    expect(await agent.fabric.counters()).toEqual([]);
    const right = {upgrade: 'teralab-agent/1', authorization: `Bearer ${TOKEN}`};
    expect(await upgradeStatus({...right, authorization: `Bearer ${TOKEN}x`})).toBe(403);
    expect(await upgradeStatus({upgrade: right.upgrade})).toBe(403);
    expect(await upgradeStatus({...right, upgrade: 'websocket'})).toBe(403);
    expect(await upgradeStatus(right, '/nothing')).toBe(403);
    // Whoever was refused has not taken the place of whoever is in.
    expect(await agent.fabric.counters()).toEqual([]);
  });

  async function upgradeStatus(
    headers: Readonly<Record<string, string>>,
    path = '/fabric',
  ): Promise<number | undefined> {
    const asked = request({...endpoint.address, path, agent: false, headers: {connection: 'Upgrade', ...headers}});
    asked.end();
    const [answer] = (await Promise.race([once(asked, 'response'), once(asked, 'upgrade')])) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  }

  it('is not waited for when its container has ended', async () => {
    program.kill('SIGKILL');
    await once(program, 'exit');
    await expect(connectAgent({...endpoint, ended: Promise.resolve()})).rejects.toMatchObject({
      code: 'NODE_GONE',
      message: expect.stringContaining('ended before it answered'),
    });
  });

  it('answers every call when it is gone', async () => {
    await using agent = await connectAgent(endpoint);
    await using silent = await asTestServer(createTcpServer(), new Set());
    await agent.fabric.open([proxySpec(silent.address)]);
    const probe = agent.fabric.probe('gateway-1->identity-1', {count: 1, timeoutMs: 60_000});
    program.kill('SIGKILL');
    await expect(probe).rejects.toMatchObject({code: 'NODE_GONE'});
    expect((await agent.gone).code).toBe('NODE_GONE');
    await expect(agent.fabric.counters()).rejects.toMatchObject({code: 'NODE_GONE'});
  });
});
