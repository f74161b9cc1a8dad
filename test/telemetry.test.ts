import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {TopLook} from '../src/cli/render/top.ts';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {RouteMetrics} from '../src/observe/metric-store.ts';
import type {TraceSummary} from '../src/observe/trace-summary.ts';
import type {TraceTree, TreeSpan} from '../src/observe/trace-tree.ts';
import {expectDocumented} from './support/documented.ts';
import {type Learner, newLearner} from './support/learner.ts';
import {until} from './support/until.ts';

const LATENCY_MS = 300;

/** Traces and metrics of the built command, on real processes. */
describe.sequential('telemetry of the services', () => {
  let learner: Learner;
  let gateway = '';
  beforeAll(async () => {
    learner = newLearner();
    const {document} = await learner.json<StatusReport>('up');
    gateway = document.urls.gateway[0] ?? '';
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  /** Opens an account through the gateway. Returns the id of its trace. */
  async function openAccount(name: string): Promise<string> {
    const answer = await fetch(`${gateway}/v1/accounts`, {
      method: 'POST',
      headers: {'content-type': 'application/json', 'idempotency-key': name},
      body: JSON.stringify({name, password: 'correct horse battery'}),
    });
    expect(answer.status).toBe(201);
    return answer.headers.get('x-trace-id') ?? '';
  }

  /** The trace once everything has arrived that the event leads to. */
  async function wholeTrace(id: string): Promise<TraceTree> {
    let found: TraceTree | undefined;
    await until(
      'the trace is complete',
      async () => {
        const {exitCode, document} = await learner.json<TraceTree>('traces', id);
        if (exitCode === 0) found = document;
        const committed = found?.tree.some(({service, name}) => service === 'stream' && name === 'commit');
        return committed === true && found?.tree.every(({orphan}) => !orphan) === true;
      },
      {seen: () => JSON.stringify(found?.tree.map(({service, name, orphan}) => [service, name, orphan]))},
    );
    return found as TraceTree;
  }

  it('follows a request over the gateway, identity, Postgres, the outbox, the broker and stream in one trace', async () => {
    const trace = await wholeTrace(await openAccount('ada'));
    expectDocumented('traces <id>', trace);
    const way = lineage(trace.tree, span => span.service === 'stream' && span.name === 'commit');
    expect(way.map(({service, name, kind, link}) => [service, name, kind, link])).toEqual([
      ['gateway', 'POST /v1/accounts', 'server', null],
      ['gateway', 'POST identity', 'client', 'gateway->identity'],
      ['identity', 'POST /v1/accounts', 'server', null],
      ['identity', 'publish identity.events', 'producer', 'identity->broker'],
      ['stream', 'process identity.events', 'consumer', 'stream->broker'],
      ['stream', 'transaction', 'internal', 'stream->stream-db'],
      ['stream', 'commit', 'client', 'stream->stream-db'],
    ]);
    expect(way[4]?.links).toEqual([way[3]?.id]);
    const insert = lineage(trace.tree, ({name}) => name === 'insert accounts');
    expect(insert.map(({name}) => name)).toEqual([
      'POST /v1/accounts',
      'POST identity',
      'POST /v1/accounts',
      'transaction',
      'insert accounts',
    ]);
    // Statements are told without their values.
    expect(JSON.stringify(trace)).not.toMatch(/\bada\b|correct horse/);
  });

  it('has the time of a slow link at the span that went over it', async () => {
    await learner.run('chaos', 'latency', 'identity->identity-db', '--latency', `${LATENCY_MS}ms`, '--until-cleared');
    const id = await openAccount('grace');
    await learner.run('chaos', 'clear', '--all');
    const {tree: all, durationMs} = await wholeTrace(id);
    // What goes on after the answer may find the link healed.
    const tree = all.filter(span => span.offsetMs + span.durationMs <= durationMs);
    const statements = tree.filter(({link, name}) => link === 'identity->identity-db' && name !== 'transaction');
    expect(statements.length).toBeGreaterThan(2);
    expect(statements.filter(({selfMs}) => selfMs < LATENCY_MS * 0.9)).toEqual([]);
    const spent = new Map<string | null, number>();
    for (const {link, selfMs} of tree) spent.set(link, (spent.get(link) ?? 0) + selfMs);
    expect([...spent].sort(([, one], [, other]) => other - one)[0]?.[0]).toBe('identity->identity-db');
    const {document} = await learner.json<{traces: TraceSummary[]}>('traces', '--slow', `${LATENCY_MS}ms`);
    expectDocumented('traces', document);
    expect(document.traces.map(trace => trace.id)).toContain(id);
  });

  it('tells rate, errors and durations by the templates of routes, while there is load', async () => {
    const load = learner.run('load', '--rate', '20', '--duration', '4s');
    await until('the load shows', async () => {
      const {document} = await learner.json<{routes: RouteMetrics[]}>('metrics', '--since', '1m');
      const found = document.routes.find(({service, route}) => service === 'gateway' && route === '/v1/dashboard');
      return (found?.requests ?? 0) > 0;
    });
    expect((await learner.run('traces', '--service', 'gateway')).stdout).toContain('gateway GET /v1/dashboard');
    expect((await load).exitCode).toBe(0);
    const {document} = await learner.json<{routes: RouteMetrics[]}>('metrics');
    expectDocumented('metrics', document);
    expect(document.routes.map(({route}) => route).filter(route => /[0-9a-f]{8}-/.test(route))).toEqual([]);
  });

  it('shows what nodes use and which routes are busy', async () => {
    const {exitCode, document} = await learner.json<TopLook>('top', '--every', '500ms');
    expect(exitCode).toBe(0);
    expectDocumented('top', document);
    expect(document.nodes.find(({name}) => name === 'identity-db')).toMatchObject({state: 'ready'});
    expect(document.nodes.every(({cpuShare, rssBytes}) => cpuShare !== null && (rssBytes ?? 0) > 0)).toBe(true);
    const {stdout} = await learner.run('top', '--every', '500ms', '--count', '2');
    expect(stdout.match(/^NODE +STATE +CPU +MEMORY/gm)).toHaveLength(2);
  });

  it('sends all of it on to a collector that is named, while the system runs', async () => {
    const paths = new Set<string>();
    const collector = createServer((request, reply) => {
      paths.add(request.url ?? '');
      request.resume().on('end', () => reply.end('{}'));
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    try {
      const {port} = collector.address() as AddressInfo;
      expect((await learner.run('up', '--otlp', `http://127.0.0.1:${port}`)).exitCode).toBe(0);
      await openAccount('grace');
      await until('both have come', async () => paths.has('/v1/traces') && paths.has('/v1/metrics'));
    } finally {
      collector.closeAllConnections();
      collector.close();
    }
    expect((await learner.run('up', '--otlp', 'localhost:4318')).stderr).toContain('http://localhost:4318');
  });

  it('says what is wrong with an id or a service that is none', async () => {
    expect(await learner.json('traces', 'ffffffffffff')).toMatchObject({
      exitCode: 2,
      document: {error: {code: 'UNKNOWN_TRACE'}},
    });
    expect((await learner.run('traces', '--service', 'identty')).stderr).toContain('Did you mean identity?');
  });
});

/** The span that is looked for, and all above it, from the root. */
function lineage(tree: readonly TreeSpan[], isIt: (span: TreeSpan) => boolean): readonly TreeSpan[] {
  const way: TreeSpan[] = [];
  for (let span = tree.find(isIt); span !== undefined; span = tree.find(({id}) => id === way[0]?.parentId))
    way.unshift(span);
  return way;
}
