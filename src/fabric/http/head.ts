interface Framed {
  /** How the end of the body is found. */
  readonly body: 'counted' | 'chunked' | 'until-close';
  /** 0 unless the body is counted. */
  readonly contentLength: number;
}

export interface RequestHead extends Framed {
  readonly method: string;
  /** Without the query: it may carry what no log should keep. */
  readonly path: string;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
}

export interface ResponseHead extends Framed {
  readonly status: number;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) (\S+) HTTP\/1\.[01]$/;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: .*)?$/;

/**
 * Reads a request's head. `text` is what `bytes` holds from `start`: values that are kept are cut from the bytes, because a piece of
 * the text would keep all of it in memory.
 *
 * @returns undefined when it is no HTTP/1 request.
 */
export function readRequestHead(text: string, bytes: Buffer, start: number): RequestHead | undefined {
  const lineEnd = firstLineEnd(text);
  const match = REQUEST_LINE.exec(text.slice(0, lineEnd));
  if (match === null) return undefined;
  const [, method = '', target = ''] = match;
  const fields = readFields(text, lineEnd + 2);
  if (fields === undefined || (fields.transferEncoding !== undefined && !endsChunked(fields.transferEncoding)))
    return undefined;
  const keep = (span: Span | undefined): string | undefined =>
    span && bytes.toString('latin1', start + span.start, start + span.end);
  const query = target.search(/[?#]/);
  const pathEnd = query < 0 ? target.length : query;
  const path = bytes.toString('latin1', start + method.length + 1, start + method.length + 1 + pathEnd);
  return {
    method: KNOWN_METHODS.get(method) ?? bytes.toString('latin1', start, start + method.length),
    path: path.startsWith('/') ? path : pathOf(path),
    body: fields.transferEncoding === undefined ? 'counted' : 'chunked',
    contentLength: fields.transferEncoding === undefined ? (fields.contentLength ?? 0) : 0,
    idempotencyKey: keep(fields.idempotencyKey),
    traceparent: keep(fields.traceparent),
  };
}

/** @returns undefined when it is no HTTP/1 response. */
export function readResponseHead(text: string): ResponseHead | undefined {
  const lineEnd = firstLineEnd(text);
  const match = STATUS_LINE.exec(text.slice(0, lineEnd));
  const fields = match === null ? undefined : readFields(text, lineEnd + 2);
  if (match === null || fields === undefined) return undefined;
  const status = Number(match[1]);
  if (fields.transferEncoding !== undefined) {
    return {status, body: endsChunked(fields.transferEncoding) ? 'chunked' : 'until-close', contentLength: 0};
  }
  if (fields.contentLength === undefined) return {status, body: 'until-close', contentLength: 0};
  return {status, body: 'counted', contentLength: fields.contentLength};
}

const KNOWN_METHODS = new Map(
  ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'].map(name => [name, name]),
);

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Fields {
  contentLength: number | undefined;
  transferEncoding: string | undefined;
  idempotencyKey: Span | undefined;
  traceparent: Span | undefined;
}

/** The few fields that matter here. Undefined: they contradict each other. */
function readFields(text: string, from: number): Fields | undefined {
  const fields: Fields = {
    contentLength: undefined,
    transferEncoding: undefined,
    idempotencyKey: undefined,
    traceparent: undefined,
  };
  for (let start = from; start < text.length; ) {
    const newline = text.indexOf('\r\n', start);
    const end = newline < 0 ? text.length : newline;
    const colon = text.indexOf(':', start);
    if (colon > start && colon < end && FIELD_LENGTHS.has(colon - start) && !readField(fields, text, start, colon, end))
      return undefined;
    start = end + 2;
  }
  return fields;
}

const FIELD_LENGTHS = new Set(
  ['content-length', 'transfer-encoding', 'idempotency-key', 'traceparent'].map(name => name.length),
);

function readField(fields: Fields, text: string, start: number, colon: number, end: number): boolean {
  const name = text.slice(start, colon).toLowerCase();
  if (name === 'content-length') {
    const value = text.slice(colon + 1, end).trim();
    if (!/^\d{1,15}$/.test(value) || (fields.contentLength !== undefined && fields.contentLength !== Number(value)))
      return false;
    fields.contentLength = Number(value);
  } else if (name === 'transfer-encoding') {
    const value = text.slice(colon + 1, end).trim();
    fields.transferEncoding = fields.transferEncoding === undefined ? value : `${fields.transferEncoding}, ${value}`;
  } else if (name === 'idempotency-key') {
    fields.idempotencyKey = trimmed(text, colon + 1, end);
  } else if (name === 'traceparent') {
    fields.traceparent = trimmed(text, colon + 1, end);
  }
  return true;
}

function endsChunked(transferEncoding: string): boolean {
  return /(?:^|,)[ \t]*chunked[ \t]*$/i.test(transferEncoding);
}

function trimmed(text: string, from: number, to: number): Span {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return {start, end};
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function firstLineEnd(text: string): number {
  const end = text.indexOf('\r\n');
  return end < 0 ? text.length : end;
}

/** The path of a target in absolute form. */
function pathOf(target: string): string {
  const slash = target.indexOf('/', target.indexOf('://') + 3);
  return target.includes('://') ? (slash < 0 ? '/' : target.slice(slash)) : target;
}
