import {Exchange, type Injection} from './exchange.ts';
import {type FramingListener, HttpFraming, REQUESTS, RESPONSES} from './framing.ts';
import type {RequestHead, ResponseHead} from './head.ts';
import {CONTINUE, endsConnection, expectsContinue, type InjectedAnswer, injectedBytes} from './injected-answer.ts';
import {RequestGate} from './request-gate.ts';

/** Takes answers away, or gives another: asked once per exchange, when the first byte of its answer comes. */
export type ReplyFilter = (exchange: Exchange) => 'drop' | InjectedAnswer | undefined;
/** Answers requests: asked once per exchange, when the head of its request is complete. */
export type RequestFilter = (exchange: Exchange) => InjectedAnswer | undefined;

export interface ObserverOwner {
  now(): number;
  /** Bytes of the client's requests that go on to the upstream. */
  passRequest(bytes: Buffer): void;
  /** Bytes of the upstream's answers that go on to the client, with the exchanges that they complete. */
  passReply(bytes: Buffer, completes: readonly Exchange[] | undefined): void;
  /** An answer of our own, in its place among the upstream's. */
  inject(bytes: Buffer, completes: readonly Exchange[]): void;
  /** After an answer of our own, the client is to see the connection end. */
  endReplies(): void;
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
  readonly #requestFilters: RequestFilter[] = [];
  readonly #gate: RequestGate;
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
    this.#gate = new RequestGate(bytes => owner.passRequest(bytes));
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

  /** Returns what takes the filter off again; a head that is kept back for its sake goes on at once. */
  addRequestFilter(filter: RequestFilter): () => void {
    this.#requestFilters.push(filter);
    return () => {
      this.#requestFilters.splice(this.#requestFilters.indexOf(filter), 1);
      if (this.#requestFilters.length === 0) this.#gate.letGo();
    };
  }

  request(bytes: Buffer): void {
    if (this.#cut) return;
    if (this.#requests.stopped) {
      this.#owner.passRequest(bytes);
      return;
    }
    this.#gate.start(bytes);
    this.#requests.feed(bytes);
    this.#gate.finish();
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
      begin: offset => {
        this.#requestAt = this.#owner.now();
        if (this.#requestFilters.length > 0) this.#gate.hold(offset);
      },
      head: (head, offset) => {
        const exchange = new Exchange(this.#requestAt, head);
        this.#waiting.push(exchange);
        this.#open.add(exchange);
        if (this.#gate.holding) this.#judge(exchange, offset);
        return 'body';
      },
      end: offset => {
        if (!this.#gate.taking) return;
        this.#gate.taken(offset);
        const {injection} = this.#waiting[this.#waiting.length - 1] ?? {};
        if (injection !== undefined) injection.isRead = true;
        this.#answerOwn();
      },
      stop: () => this.#stepAside(),
    };
  }

  #replyListener(): FramingListener<ResponseHead> {
    return {
      begin: offset => {
        const [exchange] = this.#waiting;
        if (exchange === undefined || exchange.answered || exchange.injection !== undefined) return;
        exchange.answered = true;
        const fate = firstOf(this.#filters, exchange);
        if (fate === undefined) return;
        if (fate === 'drop') exchange.dropped = true;
        else exchange.injection = {answer: fate, close: false, expects: false, isRead: true};
        this.#take(offset);
      },
      head: (head, offset) => this.#replyHead(head, offset),
      end: offset => {
        const exchange = this.#waiting.shift();
        if (exchange === undefined) return;
        if (exchange.dropped) this.#finishCut(offset);
        else if (exchange.injection !== undefined) this.#replace(exchange, exchange.injection, offset);
        else if (this.#completed === undefined) this.#completed = [exchange];
        else this.#completed.push(exchange);
        if (this.#waiting[0]?.injection !== undefined && !this.#cut) {
          this.#pass(offset);
          this.#answerOwn();
        }
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
    const hasBody = exchange?.method !== 'HEAD' && head.status !== 204 && head.status !== 304;
    if (this.#taking && exchange?.injection !== undefined) {
      const text = Buffer.concat([...this.#kept, this.#chunk.subarray(this.#done, offset)]).toString('latin1');
      exchange.injection.close = endsConnection(text) || (hasBody && head.body === 'until-close');
    }
    this.#kept = [];
    return hasBody ? 'body' : 'no-body';
  }

  /** Passes a request on whose head is complete, or takes it away. */
  #judge(exchange: Exchange, offset: number): void {
    const answer = exchange.method === 'CONNECT' ? undefined : firstOf(this.#requestFilters, exchange);
    if (answer === undefined) {
      this.#gate.letGo();
      return;
    }
    const head = this.#gate.take(offset);
    exchange.injection = {answer, close: endsConnection(head), expects: expectsContinue(head), isRead: false};
    this.#answerOwn();
  }

  /** Answers the requests whose turn it is and that are ours to answer. */
  #answerOwn(): void {
    for (let [first] = this.#waiting; first?.injection?.answer.when === 'before'; [first] = this.#waiting) {
      const {injection} = first;
      if (injection.expects) this.#owner.inject(CONTINUE, []);
      injection.expects = false;
      if (!injection.isRead) return;
      this.#waiting.shift();
      this.#inject(first, injection);
      if (injection.close) this.#owner.endReplies();
    }
  }

  /** The upstream's answer has come to its end, and ours takes its place. */
  #replace(exchange: Exchange, injection: Injection, offset: number): void {
    this.#done = offset;
    this.#taking = false;
    this.#inject(exchange, injection);
  }

  #inject(exchange: Exchange, {answer, close}: Injection): void {
    exchange.answered = true;
    exchange.status = answer.status;
    this.#owner.inject(injectedBytes(answer, exchange.method, close), [exchange]);
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
    const isLost = this.#waiting.some(({injection}) => injection?.answer.when === 'before');
    if (isLost || (this.#taking && this.#status() !== null)) {
      this.#finishCut(this.#done);
      return;
    }
    this.#requests.stop();
    this.#replies.stop();
    this.#gate.letGo();
    if (this.#taking) {
      for (const exchange of this.#waiting) {
        exchange.dropped = false;
        exchange.injection = undefined;
      }
      this.#taking = false;
      this.#passKept(this.#done);
    }
    this.#waiting.length = 0;
    this.#open.clear();
  }
}

/** What the first filter says that has anything to say. */
function firstOf<T>(filters: readonly ((exchange: Exchange) => T | undefined)[], exchange: Exchange): T | undefined {
  for (const filter of filters) {
    const fate = filter(exchange);
    if (fate !== undefined) return fate;
  }
  return undefined;
}

const NOTHING = Buffer.alloc(0);
