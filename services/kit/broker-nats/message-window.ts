import type {StoredMessage} from './messages.ts';
import type {Link} from './session.ts';

/** Messages asked for at once. */
const CHUNK = 500;
/** What is kept of what was read, at most. */
const KEPT_MAX = 4_000;
const KEPT_BYTES_MAX = 8_000_000;

/**
 * Reads messages of a stream by their numbers, many at a time, and keeps the last ones: the partitions of a stream lie next to each other,
 * so that one read serves them all. A consumer on the server would deliver those of one partition alone; but server 2.9 loses count of what
 * is pending for it while others publish, and then answers that there is nothing.
 */
export class MessageWindow {
  readonly #stream: string;
  readonly #kept = new Map<number, Promise<StoredMessage | undefined>>();
  #bytes = 0;

  constructor(stream: string) {
    this.#stream = stream;
  }

  /** Messages with these numbers, both included, in order. Numbers that have none are left out. */
  async range(link: Link, from: number, to: number): Promise<readonly StoredMessage[]> {
    const found: StoredMessage[] = [];
    for (let first = from; first <= to; first += CHUNK) {
      const count = Math.min(CHUNK, to - first + 1);
      const chunk = await Promise.all(Array.from({length: count}, (_, n) => this.#get(link, first + n)));
      found.push(...chunk.filter(message => message !== undefined));
    }
    this.#shrink();
    return found;
  }

  /** Forgets everything: the stream may be another one of the same name. */
  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #get(link: Link, seq: number): Promise<StoredMessage | undefined> {
    const kept = this.#kept.get(seq);
    if (kept !== undefined) return kept;
    const asked = getMessage(link, this.#stream, {seq});
    this.#kept.set(seq, asked);
    asked.then(
      message => {
        this.#bytes += message?.data.length ?? 0;
        if (message === undefined) this.#kept.delete(seq);
      },
      () => this.#kept.delete(seq),
    );
    return asked;
  }

  #shrink(): void {
    if (this.#bytes > KEPT_BYTES_MAX) this.clear();
    for (const seq of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break;
      this.#kept.delete(seq);
    }
  }
}

/** One message: with this number, or the first from there on whose subject matches. */
export async function getMessage(
  {jsm}: Link,
  stream: string,
  query: {readonly seq: number; readonly next_by_subj?: string},
): Promise<StoredMessage | undefined> {
  const found = await jsm.direct.getMessage(stream, query);
  if (found === null) return undefined;
  return {subject: found.subject, seq: found.seq, at: found.time.getTime(), data: found.data};
}
