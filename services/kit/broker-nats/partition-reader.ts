import {getMessage, type MessageWindow} from './message-window.ts';
import type {StoredMessage} from './messages.ts';
import {parseMessageSubject} from './names.ts';
import type {Link} from './session.ts';

/** Numbers looked through at once. */
const SCAN_MAX = 1_000;

export interface Source {
  /** The stream on the server. */
  readonly stream: string;
  readonly partition: number;
  /** Matches the partition's subjects. */
  readonly filter: string;
  /** Copies for other groups are passed over. */
  readonly group: string;
  readonly window: MessageWindow;
}

/** Messages of one partition for one group. What was read is kept until the group is past it, so that one that comes again is not read again. */
export class PartitionReader {
  readonly #source: Source;
  #position = 0;
  /** What is the group's after `#position` and up to there is held. */
  #readTo = 0;
  #held: readonly StoredMessage[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  /** The first messages after `position`, `count` at most, of those up to `last`. Most often it takes up where it left off. */
  async read(link: Link, position: number, last: number, count: number): Promise<readonly StoredMessage[]> {
    if (position < this.#position) this.#held = [];
    this.#readTo = position < this.#position ? position : Math.max(this.#readTo, position);
    this.#position = position;
    this.#held = this.#held.filter(({seq}) => seq > position);
    while (this.#held.length < count && this.#readTo < last) {
      await this.#readOn(link, last);
      // A smaller batch now is better than a full one later.
      if (this.#held.length > 0) break;
    }
    return this.#held.slice(0, count);
  }

  async #readOn(link: Link, last: number): Promise<void> {
    const {stream, filter, window} = this.#source;
    let from = this.#readTo + 1;
    if (this.#held.length === 0 && last - from >= SCAN_MAX) {
      // Keys may be few and far between.
      const next = await getMessage(link, stream, {seq: from, next_by_subj: filter});
      from = Math.min(next?.seq ?? last + 1, last + 1);
    }
    const to = Math.min(last, from + SCAN_MAX - 1);
    const found = await window.range(link, from, to);
    this.#held = [...this.#held, ...found.filter(message => this.#isMine(message))];
    this.#readTo = Math.max(to, from - 1);
  }

  #isMine({subject}: StoredMessage): boolean {
    const {partition, onlyGroup} = parseMessageSubject(subject);
    return partition === this.#source.partition && (onlyGroup === undefined || onlyGroup === this.#source.group);
  }
}
