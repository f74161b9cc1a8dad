import type {ProxySpec, RequestLogEntry} from './fabric.ts';
import type {Exchange} from './http/exchange.ts';

export const REQUEST_LOG_MAX = 200_000;

export interface LogPage {
  readonly entries: readonly RequestLogEntry[];
  /** Where to read on; undefined: this was the last page. */
  readonly next?: number;
}

/** The last requests, in the order in which they ended. Entries are only made when somebody reads: writing is on the path of traffic. */
export class RequestLog {
  readonly #exchanges: Exchange[] = [];
  readonly #links: ProxySpec[] = [];
  readonly #max: number;
  #added = 0;

  constructor(max = REQUEST_LOG_MAX) {
    this.#max = max;
  }

  add(exchange: Exchange, link: ProxySpec): void {
    const index = this.#added % this.#max;
    this.#exchanges[index] = exchange;
    this.#links[index] = link;
    this.#added++;
  }

  /** Entries that began at `since` (unix ms) or later, looking at no more than `length` from `cursor` on. */
  page(since: number, cursor: number, length: number): LogPage {
    const first = Math.max(cursor, this.#added - this.#exchanges.length);
    const end = Math.min(this.#added, first + length);
    const entries: RequestLogEntry[] = [];
    for (let index = first; index < end; index++) {
      const exchange = this.#exchanges[index % this.#max];
      const link = this.#links[index % this.#max];
      if (exchange !== undefined && link !== undefined && exchange.at >= since) entries.push(toEntry(exchange, link));
    }
    return end < this.#added ? {entries, next: end} : {entries};
  }
}

function toEntry(exchange: Exchange, {name, link, from, to}: ProxySpec): RequestLogEntry {
  const {at, method, path, status, durationMs, lost, abandonedMs, injection, idempotencyKey, traceparent} = exchange;
  return {
    proxy: name,
    link,
    from,
    to,
    at,
    method,
    path,
    status,
    durationMs,
    ...(lost === undefined ? {} : {lost}),
    ...(abandonedMs === undefined ? {} : {abandonedMs}),
    ...(injection === undefined ? {} : {injected: injection.answer.when}),
    ...(idempotencyKey === undefined ? {} : {idempotencyKey}),
    ...(traceparent === undefined ? {} : {traceparent}),
  };
}
