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

/** Headers for a call made from within `trace`; the call is a span of its own. */
export function traceHeaders(trace: TraceContext): Record<string, string> {
  const traceparent = `00-${trace.traceId}-${randomId(8)}-${trace.flags}`;
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
