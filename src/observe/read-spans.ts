import {
  attributes,
  id,
  type Json,
  readDocument,
  record,
  records,
  refuse,
  source,
  text,
  unixMs,
  whole,
} from './otlp-json.ts';
import {SPAN_KINDS, type Span} from './span.ts';

const LINKS_MAX = 128;
const ERROR = 2;

/** The spans of a body of `/v1/traces` (OTLP 1, JSON). Errors: {@link MalformedOtlpError}; then none of them are taken. */
export function readSpans(bytes: Uint8Array): readonly Span[] {
  return records(readDocument(bytes).resourceSpans, 'resourceSpans').flatMap(({resource, scopeSpans}) => {
    const from = source(resource);
    return records(scopeSpans, 'scopeSpans').flatMap(({spans}) =>
      records(spans, 'spans').map(span => readSpan(span, from)),
    );
  });
}

function readSpan(raw: Json, {service, node}: {readonly service: string; readonly node: string}): Span {
  const startedAt = unixMs(raw.startTimeUnixNano, 'startTimeUnixNano');
  const endedAt = unixMs(raw.endTimeUnixNano, 'endTimeUnixNano');
  const {code, message} = record(raw.status ?? {}, 'status');
  const {parentSpanId} = raw;
  return {
    traceId: id(raw.traceId, 16, 'traceId'),
    id: id(raw.spanId, 8, 'spanId'),
    parentId: parentSpanId === undefined || parentSpanId === '' ? null : id(parentSpanId, 8, 'parentSpanId'),
    name: text(raw.name, 'name'),
    kind: SPAN_KINDS[Math.max(0, kindOf(raw.kind) - 1)] ?? 'internal',
    service,
    node,
    startedAt,
    durationMs: Math.max(0, endedAt - startedAt),
    failure: isError(code) ? text(message, 'status.message') || 'failed' : null,
    attributes: attributes(raw.attributes, 'attributes'),
    links: records(raw.links, 'links')
      .slice(0, LINKS_MAX)
      .map(link => ({
        traceId: id(link.traceId, 16, 'traceId of a link'),
        spanId: id(link.spanId, 8, 'spanId of a link'),
      })),
  };
}

/** Enums are numbers, and some exporters write their names. */
function kindOf(raw: unknown): number {
  if (typeof raw !== 'string' || /^\d+$/.test(raw)) return whole(raw, 'kind');
  const found = SPAN_KINDS.indexOf(raw.replace(/^SPAN_KIND_/, '').toLowerCase() as Span['kind']);
  return found === -1 ? refuse('kind', 'a kind of spans') : found + 1;
}

function isError(code: unknown): boolean {
  return (
    code === 'STATUS_CODE_ERROR' || (code !== undefined && typeof code !== 'string' && whole(code, 'code') === ERROR)
  );
}
