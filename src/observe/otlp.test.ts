import fastCheck from 'fast-check';
import {describe, expect, it} from 'vitest';
import {MalformedOtlpError} from './otlp-json.ts';
import {readMetrics} from './read-metrics.ts';
import {readSpans} from './read-spans.ts';

const bytes = (document: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(document));
const span = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: 'c'.repeat(16),
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: '1795680000000500000',
  endTimeUnixNano: '1795680000002750000',
  attributes: [
    {key: 'a', value: {stringValue: 'x'.repeat(9_999)}},
    {key: 'b', value: {intValue: '7'}},
    {key: 'c', value: {arrayValue: {values: [{boolValue: true}]}}},
  ],
  status: {code: 2},
};
const resource = {attributes: [{key: 'service.name', value: {stringValue: 'gateway'}}]};
const body = (change: object): Uint8Array =>
  bytes({resourceSpans: [{resource, scopeSpans: [{spans: [{...span, ...change}]}]}]});

describe('readSpans', () => {
  it('reads a span with fractions of ms, and cuts long texts', () => {
    const [read] = readSpans(body({}));
    expect(read).toMatchObject({kind: 'server', service: 'gateway', node: 'gateway', failure: 'failed'});
    expect([read?.startedAt, read?.durationMs]).toEqual([1_795_680_000_000.5, 2.25]);
    expect(String(read?.attributes.a)).toHaveLength(512);
    expect(read?.attributes).toMatchObject({b: 7, c: '{"values":[{"boolValue":true}]}'});
  });

  it.each([
    {traceId: 'zz'},
    {traceId: '0'.repeat(32)},
    {spanId: 7},
    {parentSpanId: 'b'},
    {startTimeUnixNano: -1},
    {endTimeUnixNano: 'soon'},
    {attributes: {}},
    {attributes: [null]},
    {links: [{}]},
    {status: []},
    {kind: 'SPAN_KIND_MAGIC'},
    {name: {}},
  ])('refuses a body with %o', change => {
    expect(() => readSpans(body(change))).toThrow(MalformedOtlpError);
  });

  it('reads or refuses whatever comes, and throws nothing else', () => {
    const half = fastCheck.record({resourceSpans: fastCheck.array(fastCheck.anything())});
    const near = fastCheck
      .dictionary(fastCheck.constantFrom(...Object.keys(span)), fastCheck.anything())
      .map(change => ({resourceSpans: [{resource, scopeSpans: [{spans: [{...span, ...change}]}]}]}));
    fastCheck.assert(
      fastCheck.property(fastCheck.oneof(fastCheck.anything(), half, near), document => {
        let text: string | undefined;
        try {
          text = JSON.stringify(document);
        } catch {
          return;
        }
        for (const read of [readSpans, readMetrics]) {
          try {
            read(new TextEncoder().encode(text ?? 'undefined'));
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedOtlpError);
          }
        }
      }),
    );
    for (const raw of [new Uint8Array([0xff, 0xfe]), bytes([]), bytes(null), new Uint8Array()])
      expect(() => readSpans(raw)).toThrow(MalformedOtlpError);
  });
});
