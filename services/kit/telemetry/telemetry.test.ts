import {Type} from 'typebox';
import {describe, expect, it, vi} from 'vitest';
import type {ServiceDefinition} from '../service.ts';
import {startInProcess} from '../testing/in-process.ts';
import {startUpstream, type TestUpstream} from '../testing/upstream.ts';
import {continueTrace} from '../trace-context.ts';
import {createExporter, QUEUE_MAX} from './exporter.ts';
import {createRequestMetrics, OTHER_ROUTE, SERIES_MAX} from './request-metrics.ts';
import {createTelemetry, TRACES_PER_SECOND_MAX} from './telemetry.ts';

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly status?: {readonly code: number};
}

const definition: ServiceDefinition = {
  name: 'sample',
  async build({app, links}) {
    app.get('/things/:id', {schema: {params: Type.Object({id: Type.String()})}}, async () => {
      const answer = await links.request('other', {method: 'GET', path: '/deep?secret=1'});
      await answer.body.text();
      return {};
    });
  },
};

const source = {service: 'sample', node: 'sample-1', headers: {}};
const taken = (): Promise<TestUpstream> => startUpstream('collector', (_request, response) => void response.end('{}'));

function spansOf({received}: TestUpstream): readonly SentSpan[] {
  return received
    .filter(({path}) => path === '/v1/traces')
    .flatMap(({body}) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans);
}

describe('a service with a collector', () => {
  it('sends a span of a request, and within it one of its call, and shows the token', async () => {
    await using collector = await taken();
    await using other = await startUpstream('other-1');
    await using service = await startInProcess(definition, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.instance.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
      LINKS: JSON.stringify({other: [other.instance]}),
    });
    const answer = await fetch(`${service.url}/things/7?secret=2`);
    await fetch(`${service.url}/livez`);
    await vi.waitFor(() => expect(spansOf(collector)).toHaveLength(2), 10_000);
    const call = spansOf(collector).find(({name}) => name === 'GET other');
    const request = spansOf(collector).find(span => span !== call);
    expect(request).toMatchObject({name: 'GET /things/:id', traceId: answer.headers.get('x-trace-id')});
    expect(request?.parentSpanId).toBeUndefined();
    expect(call).toMatchObject({name: 'GET other', traceId: request?.traceId, parentSpanId: request?.spanId});
    expect(other.received[0]?.headers.traceparent).toBe(`00-${call?.traceId}-${call?.spanId}-01`);
    expect(collector.received[0]?.headers.authorization).toBe('Bearer abc');
    expect(JSON.stringify(spansOf(collector))).not.toContain('secret');
    await vi.waitFor(() => expect(collector.received.some(({path}) => path === '/v1/metrics')).toBe(true), 10_000);
    expect(lastDropped(collector)).toBe(0);
  });

  it('counts requests by the templates of their routes, whoever has made up paths', async () => {
    await using collector = await taken();
    await using service = await startInProcess(definition, {OTEL_EXPORTER_OTLP_ENDPOINT: collector.instance.url});
    for (let count = 0; count < 5; count += 1) await fetch(`${service.url}/nowhere/${count}`);
    await fetch(`${service.url}/things/1`);
    await vi.waitFor(() => expect(collector.received.some(({path}) => path === '/v1/metrics')).toBe(true), 10_000);
    const sent = collector.received.find(({path}) => path === '/v1/metrics');
    const [{histogram}] = JSON.parse(sent?.body ?? '').resourceMetrics[0].scopeMetrics[0].metrics;
    const routes = histogram.dataPoints.map(({attributes, count}: {attributes: Attribute[]; count: string}) => [
      attributes.find(({key}) => key === 'http.route')?.value.stringValue,
      count,
    ]);
    expect(routes).toEqual([
      ['(none)', '5'],
      ['/things/:id', '1'],
    ]);
  });

  it('answers as ever when the collector refuses, is silent or is not there', async () => {
    await using collector = await startUpstream('collector', () => undefined);
    for (const endpoint of [collector.instance.url, 'http://127.0.0.1:1']) {
      await using service = await startInProcess(definition, {OTEL_EXPORTER_OTLP_ENDPOINT: endpoint});
      expect((await fetch(`${service.url}/nowhere`)).status).toBe(404);
    }
  });
});

it('drops and counts what does not fit into the queue', async () => {
  await using collector = await startUpstream('collector', (_request, response) => {
    response.statusCode = 503;
    response.end();
  });
  const exporter = createExporter({...source, endpoint: collector.instance.url}, createRequestMetrics());
  const span = {name: 'a', kind: 'internal', startedAt: 0, durationMs: 0, attributes: {}, links: []} as const;
  for (let count = 0; count < QUEUE_MAX + 10; count += 1)
    exporter.add({...span, trace: continueTrace(undefined), failure: undefined});
  await exporter.close();
  await vi.waitFor(() => expect(lastDropped(collector)).toBe(QUEUE_MAX + 10), 10_000);
});

function lastDropped({received}: TestUpstream): number {
  const last = received.filter(({path}) => path === '/v1/metrics').at(-1);
  if (last === undefined) return 0;
  const [, {sum}] = JSON.parse(last.body).resourceMetrics[0].scopeMetrics[0].metrics;
  return Number(sum.dataPoints[0].asInt);
}

it('records no more new traces in a second than its bound', async () => {
  await using collector = await taken();
  const telemetry = createTelemetry({...source, endpoint: collector.instance.url});
  const begin = performance.now();
  const takes = Array.from({length: TRACES_PER_SECOND_MAX * 3}, () => telemetry.takesTrace());
  const seconds = Math.ceil(Math.floor(performance.now() / 1_000) - Math.floor(begin / 1_000)) + 1;
  expect(takes.filter(Boolean).length).toBeLessThanOrEqual(TRACES_PER_SECOND_MAX * seconds);
  expect(takes[0]).toBe(true);
});

it('has no more series than its bound, whatever routes there are', () => {
  const metrics = createRequestMetrics();
  for (let count = 0; count < SERIES_MAX * 3; count += 1)
    metrics.add({method: 'GET', route: `/${count}`, status: 200, durationMs: count});
  expect(metrics.all().length).toBeLessThanOrEqual(SERIES_MAX + 1);
  expect(metrics.all().find(({route}) => route === OTHER_ROUTE)?.count).toBe(SERIES_MAX * 2);
});
