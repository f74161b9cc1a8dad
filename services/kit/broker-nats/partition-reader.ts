import type {Clock} from '../clock.ts';
import type {StoredMessage} from './messages.ts';
import {parseMessageSubject} from './names.ts';
import {type Cursor, CursorGoneError, IDLE_MAX_MS, openCursor} from './reader.ts';
import type {Link} from './session.ts';

/** When others have handled that much of a partition, a new cursor is quicker than reading on. */
const SKIP_MAX = 1_000;

export interface Source {
  /** The stream on the server. */
  readonly stream: string;
  readonly filter: string;
  /** Copies for other groups are passed over. */
  readonly group: string;
}

/**
 * Messages of one partition for one group. It keeps what it has read until the group is past it, so that a message that comes again is not
 * read again; most often the next read goes on where the last one ended.
 */
export class PartitionReader {
  readonly #source: Source;
  readonly #clock: Clock;
  #cursor: Cursor | undefined;
  /** Everything after this position and up to where the cursor is was read and, when it is for the group, is held. */
  #floor = 0;
  #readTo = 0;
  #held: StoredMessage[] = [];

  #life = 0;
  #usedAt = 0;

  constructor(source: Source, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** The first messages after `position`, `count` at most. */
  async read(link: Link, position: number, count: number): Promise<readonly StoredMessage[]> {
    try {
      return await this.#read(link, position, count);
    } catch (error) {
      this.#cursor = undefined;
      if (!(error instanceof CursorGoneError)) throw error;
      return await this.#read(link, position, count).catch(again => {
        this.#cursor = undefined;
        throw again;
      });
    }
  }

  async #read(link: Link, position: number, count: number): Promise<readonly StoredMessage[]> {
    const {stream, filter, group} = this.#source;
    const now = this.#clock.monotonic();
    if (this.#life !== link.life || now - this.#usedAt > IDLE_MAX_MS / 2) this.#cursor = undefined;
    this.#life = link.life;
    this.#usedAt = now;
    if (this.#cursor === undefined || position < this.#floor || position > this.#readTo + SKIP_MAX) {
      this.#cursor?.drop();
      this.#cursor = await openCursor(link, stream, filter, position);
      this.#floor = position;
      this.#readTo = position;
      this.#held = [];
    }
    this.#floor = position;
    this.#held = this.#held.filter(message => message.seq > position);
    while (this.#held.length < count) {
      const wanted = count - this.#held.length;
      const got = await this.#cursor.next(wanted);
      this.#readTo = got.at(-1)?.seq ?? this.#readTo;
      this.#held.push(...got.filter(message => message.seq > position && isFor(group, message)));
      if (got.length < wanted) break;
    }
    return this.#held.slice(0, count);
  }
}

function isFor(group: string, {subject}: StoredMessage): boolean {
  const {onlyGroup} = parseMessageSubject(subject);
  return onlyGroup === undefined || onlyGroup === group;
}
