import type {StoredMessage} from './messages.ts';
import {parseMessageSubject} from './names.ts';
import type {Link} from './session.ts';
import {getMessage, readRange} from './stored-messages.ts';

/** Numbers looked through at once: partitions lie mixed, and far behind each is to get a full batch of them. */
export const SCAN_MAX = 4_000;
/** A partition that is held up gets no more than this read ahead for it. */
const HELD_MAX = 2_000;

/** What was read for one partition. */
interface Shelf {
  position: number;
  /** What is the group's after `position` and up to there is held. */
  readTo: number;
  held: readonly StoredMessage[];
}

/**
 * Messages of a stream for one member of a group. The partitions of a stream lie mixed on the server, so that what is read for one is kept
 * for the others; and it is kept until the group is past it, so that a message that comes again is not read again.
 */
export class StreamReader {
  readonly #stream: string;
  readonly #group: string;
  readonly #filter: (partition: number) => string;
  readonly #shelves = new Map<number, Shelf>();
  readonly #underWay = new Map<number, Promise<void>>();

  constructor(stream: string, group: string, filter: (partition: number) => string) {
    this.#stream = stream;
    this.#group = group;
    this.#filter = filter;
  }

  /** The first messages of a partition after `position`, `count` at most, of those up to `last`; fewer rather than later. */
  async read(
    link: Link,
    partition: number,
    {position, last, count}: {readonly position: number; readonly last: number; readonly count: number},
  ): Promise<readonly StoredMessage[]> {
    const shelf = this.#shelfAt(partition, position);
    while (shelf.held.length < count && shelf.readTo < last) {
      await this.#readOn(link, partition, shelf, last);
      if (shelf.held.length > 0) break;
    }
    return shelf.held.slice(0, count);
  }

  /** Forgets everything: the stream is another one of the same name. */
  clear(): void {
    this.#shelves.clear();
  }

  #shelfAt(partition: number, position: number): Shelf {
    const found = this.#shelves.get(partition);
    if (found === undefined || position < found.position) {
      const empty = {position, readTo: position, held: []};
      this.#shelves.set(partition, empty);
      return empty;
    }
    found.position = position;
    found.readTo = Math.max(found.readTo, position);
    found.held = found.held.filter(({seq}) => seq > position);
    return found;
  }

  async #readOn(link: Link, partition: number, shelf: Shelf, last: number): Promise<void> {
    let from = shelf.readTo + 1;
    if (shelf.held.length === 0 && last - from >= SCAN_MAX) {
      // Keys may be few and far between.
      const next = await getMessage(link, this.#stream, {seq: from, next_by_subj: this.#filter(partition)});
      from = Math.min(next?.seq ?? last + 1, last + 1);
      shelf.readTo = Math.max(shelf.readTo, from - 1);
    }
    if (from > last) return;
    // Whoever wants to go on from the same place waits for the same answers.
    const reading = this.#underWay.get(from) ?? this.#readAll(link, from, Math.min(last, from + SCAN_MAX - 1));
    this.#underWay.set(from, reading);
    await reading.finally(() => this.#underWay.delete(from));
  }

  async #readAll(link: Link, from: number, to: number): Promise<void> {
    const found = (await readRange(link, this.#stream, from, to)).map(message => ({
      message,
      ...parseMessageSubject(message.subject),
    }));
    for (const [partition, shelf] of this.#shelves) {
      const isNext = from - 1 <= shelf.readTo && shelf.readTo < to;
      if (!isNext) continue;
      const own = found.filter(
        one =>
          one.partition === partition &&
          one.message.seq > shelf.readTo &&
          (one.onlyGroup === undefined || one.onlyGroup === this.#group),
      );
      // It reads that for itself when it gets there.
      if (shelf.held.length > 0 && shelf.held.length + own.length > HELD_MAX) continue;
      shelf.held = [...shelf.held, ...own.map(({message}) => message)];
      shelf.readTo = to;
    }
  }
}
