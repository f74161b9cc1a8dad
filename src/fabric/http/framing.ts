import {type RequestHead, type ResponseHead, readRequestHead, readResponseHead} from './head.ts';

/** Told about the messages of one direction. Offsets count from the start of the chunk that is being fed. */
export interface FramingListener<Head> {
  /** The first byte of a message is at `offset`. */
  begin(offset: number): void;
  /** The head ends before `offset`. Says whether a body follows, another head of the same message, or no HTTP at all. */
  head(head: Head, offset: number): 'body' | 'no-body' | 'another-head' | 'not-http';
  /** The message ends before `offset`. */
  end(offset: number): void;
  /** This is no HTTP/1, or no more: nothing further is told. */
  stop(): void;
}

type State = 'between' | 'head' | 'counted' | 'chunk-size' | 'chunk' | 'trailer' | 'until-close' | 'stopped';

/** More than any server accepts. */
const HEAD_MAX_BYTES = 64 * 1024;
const LINE_MAX_BYTES = 8 * 1024;

/**
 * Finds where HTTP/1 messages begin and end in a stream of chunks (RFC 9112, section 6.3). Bodies are counted, never kept; only
 * a head or a line that is split over chunks is.
 */
export class HttpFraming<Head extends RequestHead | ResponseHead> {
  readonly #readHead: (text: string, bytes: Buffer, start: number) => Head | undefined;
  readonly #looksRight: (bytes: Buffer, start: number) => boolean;
  readonly #listener: FramingListener<Head>;
  #state: State = 'between';
  #partial: Buffer | undefined;
  #remaining = 0;

  constructor(side: Side<Head>, listener: FramingListener<Head>) {
    this.#readHead = side.readHead;
    this.#looksRight = side.looksRight;
    this.#listener = listener;
  }

  get stopped(): boolean {
    return this.#state === 'stopped';
  }

  feed(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length && this.#state !== 'stopped') offset = this.#step(bytes, offset);
  }

  /** The stream has ended. A body that only the end delimits is complete now. */
  close(): void {
    if (this.#state !== 'until-close') return;
    this.#state = 'between';
    this.#listener.end(0);
  }

  stop(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#partial = undefined;
    this.#listener.stop();
  }

  #step(bytes: Buffer, offset: number): number {
    switch (this.#state) {
      case 'between': {
        if (bytes[offset] === 13 || bytes[offset] === 10) return offset + 1;
        this.#state = 'head';
        this.#listener.begin(offset);
        return offset;
      }
      case 'head':
        return this.#head(bytes, offset);
      case 'counted':
      case 'chunk':
        return this.#skip(bytes, offset);
      case 'chunk-size':
        return this.#chunkSize(bytes, offset);
      case 'trailer':
        return this.#trailer(bytes, offset);
      default:
        return bytes.length;
    }
  }

  #head(bytes: Buffer, offset: number): number {
    if (this.#partial === undefined && !this.#looksRight(bytes, offset)) return this.#giveUp(bytes);
    const taken = this.#take(bytes, offset, '\r\n\r\n', HEAD_MAX_BYTES);
    if (taken === undefined) return bytes.length;
    const head = this.#readHead(taken.bytes.toString('latin1', taken.start, taken.end), taken.bytes, taken.start);
    if (head === undefined) return this.#giveUp(bytes);
    this.#body(head, taken.next);
    return taken.next;
  }

  #body(head: Head, next: number): void {
    const follows = this.#listener.head(head, next);
    if (this.#state === 'stopped') return;
    if (follows === 'not-http') {
      this.stop();
    } else if (follows === 'another-head') {
      this.#state = 'head';
    } else if (follows === 'no-body' || (head.body === 'counted' && head.contentLength === 0)) {
      this.#finish(next);
    } else {
      this.#remaining = head.contentLength;
      this.#state = head.body === 'chunked' ? 'chunk-size' : head.body;
    }
  }

  #skip(bytes: Buffer, offset: number): number {
    const length = Math.min(this.#remaining, bytes.length - offset);
    this.#remaining -= length;
    if (this.#remaining === 0) {
      if (this.#state === 'chunk') this.#state = 'chunk-size';
      else this.#finish(offset + length);
    }
    return offset + length;
  }

  #chunkSize(bytes: Buffer, offset: number): number {
    const taken = this.#take(bytes, offset, '\r\n', LINE_MAX_BYTES);
    if (taken === undefined) return bytes.length;
    const match = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(taken.bytes.toString('latin1', taken.start, taken.end));
    if (match === null) return this.#giveUp(bytes);
    const size = Number.parseInt(match[1] ?? '', 16);
    // The line break after the data belongs to the chunk.
    this.#remaining = size + 2;
    this.#state = size === 0 ? 'trailer' : 'chunk';
    return taken.next;
  }

  #trailer(bytes: Buffer, offset: number): number {
    const taken = this.#take(bytes, offset, '\r\n', LINE_MAX_BYTES);
    if (taken === undefined) return bytes.length;
    if (taken.end === taken.start) this.#finish(taken.next);
    return taken.next;
  }

  #finish(next: number): void {
    this.#state = 'between';
    this.#listener.end(next);
  }

  #giveUp(bytes: Buffer): number {
    this.stop();
    return bytes.length;
  }

  /** Everything up to a terminator, which may come with a later chunk. */
  #take(bytes: Buffer, offset: number, terminator: string, maxBytes: number): Taken | undefined {
    const before = this.#partial;
    const whole = before === undefined ? bytes : Buffer.concat([before, bytes.subarray(offset)]);
    const start = before === undefined ? offset : 0;
    const from = before === undefined ? offset : Math.max(0, before.length - terminator.length + 1);
    const end = whole.indexOf(terminator, from, 'latin1');
    if (end >= 0) {
      this.#partial = undefined;
      const next = end + terminator.length - start;
      return {bytes: whole, start, end, next: offset + next - (before?.length ?? 0)};
    }
    this.#partial = before === undefined ? Buffer.from(bytes.subarray(offset)) : whole;
    if (this.#partial.length > maxBytes) this.stop();
    return undefined;
  }
}

interface Taken {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Offset in the chunk that is being fed. */
  readonly next: number;
}

export interface Side<Head> {
  readonly readHead: (text: string, bytes: Buffer, start: number) => Head | undefined;
  /** Whether these can be the first bytes of a message. */
  readonly looksRight: (bytes: Buffer, start: number) => boolean;
}

export const REQUESTS: Side<RequestHead> = {
  readHead: readRequestHead,
  looksRight: (bytes, start) => {
    const first = bytes[start] ?? 0;
    return (first >= 65 && first <= 90) || (first >= 97 && first <= 122);
  },
};

export const RESPONSES: Side<ResponseHead> = {
  readHead: readResponseHead,
  looksRight: (bytes, start) => {
    const length = Math.min(HTTP_1.length, bytes.length - start);
    return bytes.compare(HTTP_1, 0, length, start, start + length) === 0;
  },
};

const HTTP_1 = Buffer.from('HTTP/1.');
