import type {Span} from './span.ts';
import {summarizeTrace, type TraceSummary} from './trace-summary.ts';
import {type TraceTree, treeOf} from './trace-tree.ts';

/** Traces that are kept; the oldest go first. */
export const TRACES_MAX = 2_000;
/** What the spans of all traces may take together, bytes, as {@link bytesOf} reckons them. */
export const STORE_BYTES_MAX = 24_000_000;
/** Spans of one trace; more than that is a loop, not a request. */
export const SPANS_PER_TRACE_MAX = 1_000;
/** What an object with its strings takes besides their characters, about. */
const SPAN_BYTES = 500;
const ATTRIBUTE_BYTES = 50;

export interface TraceFilter {
  /** Only traces that this service has a part in. */
  readonly service?: string;
  /** Only traces with a failure. */
  readonly errors?: boolean;
  /** Only traces that took at least so long, ms. */
  readonly slowMs?: number;
  /** Only traces that began at this time (unix ms) or later. */
  readonly since?: number;
  /** So many at most. */
  readonly limit: number;
}

export interface SpanFilter {
  /** Only spans that began at this time (unix ms) or later. */
  readonly since: number;
  readonly service?: string;
  /** One that ends in * stands for all names that begin so. */
  readonly name?: string;
  readonly link?: string;
}

export interface TraceStore {
  add(spans: readonly Span[]): void;
  /** Latest first. */
  list(filter: TraceFilter): readonly TraceSummary[];
  /** Traces whose id begins so, two at most, as trees with what is linked to them. */
  find(prefix: string): readonly TraceTree[];
  spans(filter: SpanFilter): readonly Span[];
  readonly size: {readonly traces: number; readonly spans: number; readonly bytes: number; readonly evicted: number};
}

interface Kept {
  readonly spans: Map<string, Span>;
  bytes: number;
}

/** The latest traces, in memory, within a bound that no sender can move. */
export function createTraceStore(): TraceStore {
  const traces = new Map<string, Kept>();
  let bytes = 0;
  let count = 0;
  let evicted = 0;

  function evictOldest(): void {
    const [oldest] = traces;
    if (oldest === undefined) return;
    const [id, {spans, bytes: own}] = oldest;
    traces.delete(id);
    bytes -= own;
    count -= spans.size;
    evicted += spans.size;
  }

  function keep(span: Span): void {
    const kept = traces.get(span.traceId) ?? {spans: new Map<string, Span>(), bytes: 0};
    traces.set(span.traceId, kept);
    if (kept.spans.has(span.id)) return;
    if (kept.spans.size >= SPANS_PER_TRACE_MAX) {
      evicted += 1;
      return;
    }
    const own = bytesOf(span);
    kept.spans.set(span.id, span);
    kept.bytes += own;
    bytes += own;
    count += 1;
  }

  /** The spans of a trace, and those of batches that its messages were part of. */
  function withBatches(own: readonly Span[]): readonly Span[] {
    const batches = new Set(own.flatMap(({attributes}) => attributes['teralab.batch'] ?? []));
    const ids = new Set(own.map(({id}) => id));
    const linked = [...batches].flatMap(id => [...(traces.get(String(id))?.spans.values() ?? [])]);
    return linked.map(span => {
      const link = span.parentId === null ? span.links.find(({spanId}) => ids.has(spanId)) : undefined;
      return link === undefined ? span : {...span, parentId: link.spanId};
    });
  }

  return {
    add(spans) {
      for (const span of spans) keep(span);
      while (traces.size > TRACES_MAX || bytes > STORE_BYTES_MAX) evictOldest();
    },
    list: ({service, errors, slowMs = 0, since = 0, limit}) =>
      [...traces.values()]
        .map(({spans}) => summarizeTrace([...spans.values()]))
        .filter(
          trace =>
            trace.durationMs >= slowMs &&
            trace.startedAt >= since &&
            (errors !== true || trace.errors > 0) &&
            (service === undefined || trace.services.includes(service)),
        )
        .sort((one, other) => other.startedAt - one.startedAt)
        .slice(0, limit),
    find: prefix =>
      [...traces]
        .filter(([id]) => id.startsWith(prefix))
        .slice(0, 2)
        .map(([id, {spans}]) => treeOf(id, [...spans.values(), ...withBatches([...spans.values()])])),
    spans: filter =>
      [...traces.values()].flatMap(({spans}) => [...spans.values()].filter(span => isWanted(span, filter))),
    get size() {
      return {traces: traces.size, spans: count, bytes, evicted};
    },
  };
}

function isWanted({startedAt, service, name, attributes}: Span, filter: SpanFilter): boolean {
  return (
    startedAt >= filter.since &&
    (filter.service === undefined || service === filter.service) &&
    (filter.link === undefined || attributes['teralab.link'] === filter.link) &&
    (filter.name === undefined ||
      (filter.name.endsWith('*') ? name.startsWith(filter.name.slice(0, -1)) : name === filter.name))
  );
}

/** About what a span takes. It need not be exact: it has to grow with what a sender can make grow. */
export function bytesOf({name, failure, attributes, links, service, node}: Span): number {
  const texts = Object.entries(attributes).reduce(
    (sum, [key, value]) => sum + ATTRIBUTE_BYTES + 2 * (key.length + String(value).length),
    2 * (name.length + (failure?.length ?? 0) + service.length + node.length),
  );
  return SPAN_BYTES + texts + links.length * 150;
}
