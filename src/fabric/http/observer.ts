import {Exchange} from './exchange.ts';
import {type FramingListener, HttpFraming, REQUESTS, RESPONSES} from './framing.ts';
import type {RequestHead, ResponseHead} from './head.ts';

/** Takes answers away: asked once per exchange, when the first byte of its answer comes. */
export type ReplyFilter = (exchange: Exchange) => boolean;

export interface ObserverOwner {
  now(): number;
  /** Bytes of the upstream's answers that go on to the client, with the exchanges that they complete. */
  passReply(bytes: Buffer, completes: readonly Exchange[] | undefined): void;
  /** An answer that was to be taken away has been read to its end. */
  cut(): void;
}

/** Pairs requests with answers on one HTTP connection. Once the bytes are no HTTP/1 it steps aside and passes them on. */
export class HttpObserver {
  readonly #owner: ObserverOwner;
  /** Requests whose final answer has not ended, oldest first. */
  readonly #waiting: Exchange[] = [];
  /** Exchanges that are not over: their answer has not been passed on to its end. */
  readonly #open = new Set<Exchange>();
  readonly #filters: ReplyFilter[] = [];
  readonly #requests = new HttpFraming(REQUESTS, this.#requestListener());
  readonly #replies = new HttpFraming(RESPONSES, this.#replyListener());
  #requestAt = 0;
  #chunk: Buffer = NOTHING;
  /** How much of the chunk under way has been passed on or taken away. */
  #done = 0;
  /** Bytes of an answer that is to be taken away unless it turns out to be an interim one. */
  #kept: Buffer[] = [];
  #completed: Exchange[] | undefined;
  #taking = false;
  #cut = false;

  constructor(owner: ObserverOwner) {
    this.#owner = owner;
  }

  /** Exchanges that have not ended; when the connection goes they are lost. */
  get open(): ReadonlySet<Exchange> {
    return this.#open;
  }

  /** Returns what takes the filter off again. */
  addFilter(filter: ReplyFilter): () => void {
    this.#filters.push(filter);
    return () => {
      this.#filters.splice(this.#filters.indexOf(filter), 1);
    };
  }

  request(bytes: Buffer): void {
    if (!this.#requests.stopped) this.#requests.feed(bytes);
  }

  reply(bytes: Buffer): void {
    if (this.#cut) return;
    if (this.#replies.stopped) {
      this.#owner.passReply(bytes, undefined);
      return;
    }
    this.#chunk = bytes;
    this.#done = 0;
    this.#replies.feed(bytes);
    if (this.#cut) return;
    if (!this.#taking) this.#pass(bytes.length);
    else if (this.#status() === null) this.#kept.push(bytes.subarray(this.#done));
    this.#chunk = NOTHING;
  }

  /** The upstream has sent its FIN. Returns the exchanges that it completes. */
  endReplies(): readonly Exchange[] | undefined {
    if (this.#cut || this.#replies.stopped) return undefined;
    this.#chunk = NOTHING;
    this.#done = 0;
    this.#replies.close();
    if (this.#taking) this.#finishCut(0);
    const completed = this.#completed;
    this.#completed = undefined;
    return completed;
  }

  /** An exchange is over: its last byte has been passed on. */
  close(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  #requestListener(): FramingListener<RequestHead> {
    return {
      begin: () => {
        this.#requestAt = this.#owner.now();
      },
      head: head => {
        const exchange = new Exchange(this.#requestAt, head);
        this.#waiting.push(exchange);
        this.#open.add(exchange);
        return 'body';
      },
      end: () => {},
      stop: () => this.#stepAside(),
    };
  }

  #replyListener(): FramingListener<ResponseHead> {
    return {
      begin: offset => {
        const [exchange] = this.#waiting;
        if (exchange === undefined || exchange.answered) return;
        exchange.answered = true;
        exchange.dropped = this.#filters.some(filter => filter(exchange));
        if (exchange.dropped) this.#take(offset);
      },
      head: (head, offset) => this.#replyHead(head, offset),
      end: offset => {
        const exchange = this.#waiting.shift();
        if (exchange === undefined) return;
        if (exchange.dropped) this.#finishCut(offset);
        else if (this.#completed === undefined) this.#completed = [exchange];
        else this.#completed.push(exchange);
      },
      stop: () => this.#stepAside(),
    };
  }

  #replyHead(head: ResponseHead, offset: number): 'body' | 'no-body' | 'another-head' | 'not-http' {
    const [exchange] = this.#waiting;
    if (head.status === 101) return 'not-http';
    if (head.status < 200) {
      // An interim answer (100 Continue) goes through: without it the request would never be complete.
      if (this.#taking) this.#passKept(offset);
      return 'another-head';
    }
    if (exchange !== undefined) exchange.status = head.status;
    if (exchange?.method === 'CONNECT' && head.status < 300) return 'not-http';
    this.#kept = [];
    return exchange?.method === 'HEAD' || head.status === 204 || head.status === 304 ? 'no-body' : 'body';
  }

  #status(): number | null {
    return this.#waiting[0]?.status ?? null;
  }

  /** From `offset` on, nothing of this answer goes through. */
  #take(offset: number): void {
    this.#pass(offset);
    this.#taking = true;
  }

  #pass(offset: number): void {
    if (offset === this.#done) return;
    const bytes =
      this.#done === 0 && offset === this.#chunk.length ? this.#chunk : this.#chunk.subarray(this.#done, offset);
    const completed = this.#completed;
    this.#completed = undefined;
    this.#done = offset;
    this.#owner.passReply(bytes, completed);
  }

  #passKept(offset: number): void {
    for (const bytes of this.#kept) this.#owner.passReply(bytes, undefined);
    this.#kept = [];
    this.#pass(offset);
  }

  #finishCut(offset: number): void {
    if (this.#cut) return;
    this.#done = offset;
    this.#cut = true;
    this.#requests.stop();
    this.#replies.stop();
    this.#owner.cut();
  }

  /** Not HTTP, or a tunnel from here on: what is open cannot be judged, so it is not logged. */
  #stepAside(): void {
    if (this.#cut) return;
    if (this.#taking && this.#status() !== null) {
      this.#finishCut(this.#done);
      return;
    }
    this.#requests.stop();
    this.#replies.stop();
    if (this.#taking) {
      for (const exchange of this.#waiting) exchange.dropped = false;
      this.#taking = false;
      this.#passKept(this.#done);
    }
    this.#waiting.length = 0;
    this.#open.clear();
  }
}

const NOTHING = Buffer.alloc(0);
