import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {expect} from 'vitest';
import type {AgentTelemetry} from '../telemetry.ts';

const WITHIN_MS = 10_000;

/** What holds wherever the receiver is: `port` is where it listens, if not where its environment says. */
export async function takesTelemetry(telemetry: AgentTelemetry, port?: number): Promise<void> {
  const collected: string[] = [];
  const collector = createServer((request, reply) => {
    collected.push(request.url ?? '');
    request.resume().on('end', () => reply.writeHead(collected.length === 1 ? 200 : 503).end('{}'));
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  try {
    await telemetry.forwardTo({endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`});
    expect(await telemetry.metrics(null)).toMatchObject({routes: []});
    const environment = await telemetry.environment();
    const [, value = ''] = environment.OTEL_EXPORTER_OTLP_HEADERS?.split('=') ?? [];
    const url = new URL(`${environment.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`);
    if (port !== undefined) url.port = String(port);
    const post = async (body: string, authorization = decodeURIComponent(value)): Promise<number> =>
      (await fetch(url, {method: 'POST', headers: {authorization, 'content-type': 'application/json'}, body})).status;
    const ids = {traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8)};
    const span = {...ids, name: 'a', startTimeUnixNano: '1000000', endTimeUnixNano: '3000000'};
    const withSpan = (one: object): string => JSON.stringify({resourceSpans: [{scopeSpans: [{spans: [one]}]}]});
    expect(await post(withSpan(span), 'Bearer guessed')).toBe(401);
    expect(await post('{')).toBe(400);
    expect(await post(withSpan({...span, traceId: 'x'}))).toBe(400);
    expect(await post(withSpan(span))).toBe(200);
    expect(await telemetry.trace('abab')).toMatchObject([{id: ids.traceId, durationMs: 2}]);
    expect((await telemetry.traces({limit: 5})).traces).toHaveLength(1);
    await expect.poll(() => collected, {timeout: WITHIN_MS}).toEqual(['/v1/traces']);
    expect(await post(withSpan({...span, spanId: 'ef'.repeat(8)}))).toBe(200);
    await expect
      .poll(async () => (await telemetry.traces({limit: 5})).losses.refusedByCollector, {timeout: WITHIN_MS})
      .toBe(1);
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
}
