import type {RequestLogEntry} from './fabric.ts';

export const REQUEST_LOG_MAX = 200_000;

export interface LogPage {
  readonly entries: readonly RequestLogEntry[];
  /** Where to read on; undefined: this was the last page. */
  readonly next?: number;
}

/** The last requests, in the order in which they ended. */
export class RequestLog {
  readonly #entries: RequestLogEntry[] = [];
  readonly #max: number;
  #added = 0;

  constructor(max = REQUEST_LOG_MAX) {
    this.#max = max;
  }

  add(entry: RequestLogEntry): void {
    this.#entries[this.#added % this.#max] = entry;
    this.#added++;
  }

  /** Entries that began at `since` (unix ms) or later, looking at no more than `length` from `cursor` on. */
  page(since: number, cursor: number, length: number): LogPage {
    const first = Math.max(cursor, this.#added - this.#entries.length);
    const end = Math.min(this.#added, first + length);
    const entries: RequestLogEntry[] = [];
    for (let index = first; index < end; index++) {
      const entry = this.#entries[index % this.#max];
      if (entry !== undefined && entry.at >= since) entries.push(entry);
    }
    return end < this.#added ? {entries, next: end} : {entries};
  }
}
