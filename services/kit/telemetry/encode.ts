import {BOUNDS_MS, type RequestSeries} from './request-metrics.ts';
import {type Attributes, type AttributeValue, type FinishedSpan, SPAN_KINDS} from './span.ts';

/** Who sends. */
export interface Source {
  readonly service: string;
  readonly node: string;
}

/** Longest text of an attribute: a span is a note, not a copy of what it saw. */
const TEXT_MAX = 512;
const SCOPE = {name: 'teralab-kit'};
const CUMULATIVE = 2;
const ERROR = 2;

/** The body of `/v1/traces` (OTLP 1, JSON). */
export function encodeSpans(source: Source, spans: readonly FinishedSpan[]): unknown {
  return {resourceSpans: [{resource: resource(source), scopeSpans: [{scope: SCOPE, spans: spans.map(encodeSpan)}]}]};
}

export interface MetricsState {
  readonly series: readonly RequestSeries[];
  /** Spans that were not sent. */
  readonly dropped: number;
  /** When counting began, unix ms. */
  readonly startedAt: number;
}

/** The body of `/v1/metrics`: totals since the service has started, so that one that gets lost is made good by the next. */
export function encodeMetrics(source: Source, {series, dropped, startedAt}: MetricsState): unknown {
  const times = {startTimeUnixNano: nanos(startedAt), timeUnixNano: nanos(performance.timeOrigin + performance.now())};
  const duration = {
    name: 'http.server.request.duration',
    unit: 's',
    histogram: {
      aggregationTemporality: CUMULATIVE,
      dataPoints: series.map(({method, route, status, count, sumMs, buckets}) => ({
        ...times,
        attributes: encodeAttributes({
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
          'error.type': status === undefined ? 'caller_left' : undefined,
        }),
        count: String(count),
        sum: sumMs / 1_000,
        explicitBounds: BOUNDS_MS.map(bound => bound / 1_000),
        bucketCounts: buckets.map(String),
      })),
    },
  };
  const lost = {
    name: 'teralab.spans.dropped',
    unit: '{span}',
    sum: {
      aggregationTemporality: CUMULATIVE,
      isMonotonic: true,
      dataPoints: [{...times, attributes: [], asInt: String(dropped)}],
    },
  };
  return {resourceMetrics: [{resource: resource(source), scopeMetrics: [{scope: SCOPE, metrics: [duration, lost]}]}]};
}

function encodeSpan({trace, name, kind, startedAt, durationMs, attributes, links, failure}: FinishedSpan): unknown {
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentId === undefined ? {} : {parentSpanId: trace.parentId}),
    ...(trace.state === undefined ? {} : {traceState: trace.state}),
    name,
    kind: SPAN_KINDS[kind],
    startTimeUnixNano: nanos(startedAt),
    endTimeUnixNano: nanos(startedAt + durationMs),
    attributes: encodeAttributes(attributes),
    ...(links.length === 0 ? {} : {links: links.map(({traceId, spanId}) => ({traceId, spanId}))}),
    ...(failure === undefined ? {} : {status: {code: ERROR, message: failure.slice(0, TEXT_MAX)}}),
  };
}

function encodeAttributes(attributes: Attributes): unknown[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{key, value: encodeValue(value)}],
  );
}

function encodeValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return {stringValue: value.slice(0, TEXT_MAX)};
  if (typeof value === 'boolean') return {boolValue: value};
  return Number.isSafeInteger(value) ? {intValue: String(value)} : {doubleValue: value};
}

function resource({service, node}: Source): unknown {
  return {attributes: encodeAttributes({'service.name': service, 'service.instance.id': node})};
}

/** Unix ms as OTLP's text of nanoseconds, which a double does not hold. */
function nanos(unixMs: number): string {
  const whole = Math.floor(unixMs);
  return `${whole}${String(Math.floor((unixMs - whole) * 1e6)).padStart(6, '0')}`;
}
