import {attributes, type Json, readDocument, record, records, refuse, source, unixMs, whole} from './otlp-json.ts';

const REQUEST_DURATION = 'http.server.request.duration';
const DROPPED = 'teralab.spans.dropped';
const CUMULATIVE = 2;
const BOUNDS_MAX = 128;

/** Totals of one service, method, route and status since the process has started. */
export interface RequestPoint {
  readonly service: string;
  readonly node: string;
  readonly method: string;
  readonly route: string;
  /** Null where the caller left. */
  readonly status: number | null;
  /** Which process: unix ms of its start. */
  readonly startedAt: number;
  readonly count: number;
  readonly sumMs: number;
  readonly boundsMs: readonly number[];
  /** One more than there are bounds. */
  readonly buckets: readonly number[];
}

export interface ReadMetrics {
  readonly requests: readonly RequestPoint[];
  /** Spans that services could not send, by node, since its process has started. */
  readonly dropped: readonly {readonly node: string; readonly startedAt: number; readonly count: number}[];
}

/**
 * Durations of requests and drops of a body of `/v1/metrics` (OTLP 1, JSON); other metrics are taken and not kept. Errors:
 * {@link MalformedOtlpError}, also for totals that are not cumulative.
 */
export function readMetrics(bytes: Uint8Array): ReadMetrics {
  const requests: RequestPoint[] = [];
  const dropped: ReadMetrics['dropped'][number][] = [];
  for (const {resource, scopeMetrics} of records(readDocument(bytes).resourceMetrics, 'resourceMetrics')) {
    const from = source(resource);
    for (const {metrics} of records(scopeMetrics, 'scopeMetrics'))
      for (const {name, histogram, sum} of records(metrics, 'metrics')) {
        if (name === REQUEST_DURATION) requests.push(...pointsOf(histogram).map(point => requestPoint(point, from)));
        if (name === DROPPED)
          for (const {asInt, startTimeUnixNano} of pointsOf(sum))
            dropped.push({
              node: from.node,
              startedAt: unixMs(startTimeUnixNano, 'startTimeUnixNano'),
              count: whole(asInt, 'asInt'),
            });
      }
  }
  return {requests, dropped};
}

function pointsOf(raw: unknown): readonly Json[] {
  const {aggregationTemporality, dataPoints} = record(raw, 'a metric');
  if (aggregationTemporality !== CUMULATIVE && aggregationTemporality !== 'AGGREGATION_TEMPORALITY_CUMULATIVE')
    return refuse('aggregationTemporality', 'cumulative (2)');
  return records(dataPoints, 'dataPoints');
}

function requestPoint(raw: Json, {service, node}: {readonly service: string; readonly node: string}): RequestPoint {
  const own = attributes(raw.attributes, 'attributes');
  const status = own['http.response.status_code'];
  const boundsMs = numbers(raw.explicitBounds, 'explicitBounds').map(bound => bound * 1_000);
  const buckets = numbers(raw.bucketCounts, 'bucketCounts');
  if (buckets.length !== boundsMs.length + 1) return refuse('bucketCounts', 'one longer than explicitBounds');
  return {
    service,
    node,
    method: String(own['http.request.method'] ?? ''),
    route: String(own['http.route'] ?? '(none)'),
    status: typeof status === 'number' ? status : null,
    startedAt: unixMs(raw.startTimeUnixNano, 'startTimeUnixNano'),
    count: whole(raw.count, 'count'),
    sumMs: whole(raw.sum, 'sum') * 1_000,
    boundsMs,
    buckets,
  };
}

function numbers(raw: unknown, what: string): readonly number[] {
  if (!Array.isArray(raw) || raw.length > BOUNDS_MAX) return refuse(what, `a list of at most ${BOUNDS_MAX} numbers`);
  return raw.map(each => whole(each, what));
}
