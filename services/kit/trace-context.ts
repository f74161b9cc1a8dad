import {randomBytes} from 'node:crypto';

/** Where in a trace the work under way is (W3C Trace Context, level 1). */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** The caller's span; undefined where the trace begins. */
  readonly parentId: string | undefined;
  /** Two hex digits; the last bit says that the trace is recorded. */
  readonly flags: string;
  /** Other systems' part of the context, passed on as it came. */
  readonly state: string | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const STATE_LENGTH_MAX = 512;

/** A new span of the trace that `traceparent` names; of a new trace when there is none or it is not valid. */
export function continueTrace(traceparent: unknown, tracestate?: unknown): TraceContext {
  const parent = typeof traceparent === 'string' ? parse(traceparent) : undefined;
  if (parent === undefined)
    return {traceId: randomId(16), spanId: randomId(8), parentId: undefined, flags: '01', state: undefined};
  const state = typeof tracestate === 'string' && tracestate.length <= STATE_LENGTH_MAX ? tracestate : undefined;
  return {...parent, spanId: randomId(8), state};
}

/** The span that `traceparent` names, as somebody else's; undefined where it names none. */
export function parentOf(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  const {parentId: spanId, ...trace} = continueTrace(traceparent, tracestate);
  return spanId === undefined ? undefined : {...trace, spanId, parentId: undefined};
}

/** A span within `parent`. */
export function childOf(parent: TraceContext): TraceContext {
  return {...parent, spanId: randomId(8), parentId: parent.spanId};
}

/** Whether spans of the trace are recorded: its first service has decided that for all. */
export function isRecorded({flags}: TraceContext): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1;
}

/** The same, with nothing recorded of it from here on. */
export function withoutRecord(trace: TraceContext): TraceContext {
  return {...trace, flags: (Number.parseInt(trace.flags, 16) & 0xfe).toString(16).padStart(2, '0')};
}

/** Headers that carry `trace` on: what is called has its span as parent. */
export function traceHeaders(trace: TraceContext): Record<string, string> {
  const traceparent = `00-${trace.traceId}-${trace.spanId}-${trace.flags}`;
  return trace.state === undefined ? {traceparent} : {traceparent, tracestate: trace.state};
}

function parse(traceparent: string): Pick<TraceContext, 'traceId' | 'parentId' | 'flags'> | undefined {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  // Later versions may append fields; version 00 may not, and ff is forbidden.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return {traceId, parentId, flags};
}

function randomId(bytes: number): string {
  const id = randomBytes(bytes).toString('hex');
  // All zeros mean "no id".
  return /^0+$/.test(id) ? randomId(bytes) : id;
}
