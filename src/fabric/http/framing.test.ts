import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {HttpFraming, REQUESTS, RESPONSES} from './framing.ts';

/** Messages with what is to be seen of them. `close`: only the end of the stream delimits it. */
const RESPONSE_SAMPLES = [
  {text: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello', seen: ['200']},
  {text: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', seen: ['200']},
  {text: 'HTTP/1.1 204 No Content\r\n\r\n', seen: ['204']},
  {text: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 120\r\n\r\n', seen: ['304']},
  {text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', seen: ['200']},
  {
    text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\nA;x="1"\r\n0123456789\r\n1f\r\nHTTP/1.1 200 OK\r\n\r\n0123456789ab\r\n0\r\nexpires: x\r\n\r\n',
    seen: ['200'],
  },
  {text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok', seen: ['100', '201']},
  {text: 'HTTP/1.1 500 \r\ncontent-length: 4\r\n\r\n\r\n\r\n', seen: ['500']},
] as const;

const REQUEST_SAMPLES = [
  {text: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', seen: ['GET /']},
  {
    text: 'POST /v1/accounts?token=secret HTTP/1.1\r\nContent-Length: 11\r\nIdempotency-Key: k-1\r\n\r\n{"a":"b\\n"}',
    seen: ['POST /v1/accounts k-1'],
  },
  {
    text: 'PUT http://identity:8080/x/y HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    seen: ['PUT /x/y'],
  },
  {text: '\r\nDELETE /a HTTP/1.1\r\ntraceparent:  00-ab-cd-01 \r\n\r\n', seen: ['DELETE /a 00-ab-cd-01']},
] as const;

describe('HTTP framing', () => {
  it('finds all responses however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...RESPONSE_SAMPLES), {minLength: 1, maxLength: 6}),
        cuts(),
        (samples, sizes) => {
          const {seen, ends, stopped} = readResponses(split(samples.map(({text}) => text).join(''), sizes));
          expect(seen).toEqual(samples.flatMap(sample => sample.seen));
          expect(ends).toEqual(endOffsets(samples.map(({text}) => text)));
          expect(stopped).toBe(false);
        },
      ),
      {numRuns: 400},
    );
  });

  it('finds all requests however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...REQUEST_SAMPLES), {minLength: 1, maxLength: 6}),
        cuts(),
        (samples, sizes) => {
          const {seen, ends, stopped} = readRequests(split(samples.map(({text}) => text).join(''), sizes));
          expect(seen).toEqual(samples.flatMap(sample => sample.seen));
          expect(ends).toEqual(endOffsets(samples.map(({text}) => text)));
          expect(stopped).toBe(false);
        },
      ),
      {numRuns: 400},
    );
  });

  it('ends a response without a length at the end of the stream', () => {
    expect(readResponses(split('HTTP/1.0 200 OK\r\n\r\nall the rest', [3]), true)).toMatchObject({
      seen: ['200'],
      ends: [31],
    });
  });

  it.each([
    ['TLS', '\x16\x03\x01\x02'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a bad chunk size', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
    ['a negative length', 'POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n'],
    ['a head without an end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(70_000)}`],
  ])('stops at %s', (_, text) => {
    expect(readRequests([Buffer.from(text, 'latin1')]).stopped).toBe(true);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({maxLength: 40}),
            fc.constantFrom(...RESPONSE_SAMPLES, ...REQUEST_SAMPLES).map(({text}) => Buffer.from(text)),
          ),
        ),
        chunks => {
          readRequests(chunks.map(chunk => Buffer.from(chunk)));
          readResponses(
            chunks.map(chunk => Buffer.from(chunk)),
            true,
          );
        },
      ),
    );
  });
});

function cuts(): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({min: 1, max: 40}), {minLength: 1, maxLength: 20});
}

function split(text: string, sizes: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const chunks: Buffer[] = [];
  for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return chunks;
}

function endOffsets(texts: readonly string[]): number[] {
  let total = 0;
  return texts.map(text => {
    total += text.length;
    return total;
  });
}

interface Seen {
  readonly seen: string[];
  /** Where messages end, from the start of the stream. */
  readonly ends: number[];
  stopped: boolean;
}

function readRequests(chunks: readonly Buffer[]): Seen {
  const result: Seen = {seen: [], ends: [], stopped: false};
  let before = 0;
  const framing = new HttpFraming(REQUESTS, {
    begin: () => {},
    head: ({method, path, idempotencyKey, traceparent}) => {
      result.seen.push([`${method} ${path}`, idempotencyKey, traceparent].filter(part => part !== undefined).join(' '));
      return 'body';
    },
    end: offset => result.ends.push(before + offset),
    stop: () => {
      result.stopped = true;
    },
  });
  for (const chunk of chunks) {
    framing.feed(chunk);
    before += chunk.length;
  }
  return result;
}

function readResponses(chunks: readonly Buffer[], close = false): Seen {
  const result: Seen = {seen: [], ends: [], stopped: false};
  let before = 0;
  const framing = new HttpFraming(RESPONSES, {
    begin: () => {},
    head: ({status}) => {
      result.seen.push(`${status}`);
      if (status === 100) return 'another-head';
      return status === 204 || status === 304 ? 'no-body' : 'body';
    },
    end: offset => result.ends.push(before + offset),
    stop: () => {
      result.stopped = true;
    },
  });
  for (const chunk of chunks) {
    framing.feed(chunk);
    before += chunk.length;
  }
  if (close) framing.close();
  return result;
}
