import type {Item, Stage, StageLane} from '../lane.ts';
import {split} from '../merge.ts';

/** Timers count whole ms; what is due within this time goes with them. */
export const EARLY_MAX_MS = 0.4;
/** Pieces passed on in one turn of the event loop, so that the smallest pieces never keep it from other work. */
const PIECES_PER_TURN = 32;

/** How a stage cuts what passes into pieces, and when each leaves. */
export interface Pace {
  readonly heldMaxBytes: number;
  /** Largest size of the next piece, bytes. */
  size(): number;
  /** How long a piece of this size is under way before it leaves, ms. */
  beforeMs(size: number): number;
  /** How long after it the next one begins, ms. */
  afterMs: number;
  /** Pieces wait for a target that does not take them: they are not to be put together again in its buffer. */
  readonly heedsTarget: boolean;
}

/**
 * Passes on in pieces by a clock of its own: a piece that leaves late makes the next one no later, so that the pace is kept over time
 * whatever timers do. While it is idle the clock stands.
 */
export class PacedStage implements Stage {
  readonly heldMaxBytes: number;
  readonly #lane: StageLane;
  readonly #pace: Pace;
  readonly #acted: () => void;
  #queue: Item[] = [];
  #first = 0;
  /** When the next piece may begin. */
  #freeAt = 0;
  /** Size of the piece that is under way, and when it leaves. */
  #piece: {readonly size: number; readonly dueAt: number} | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(lane: StageLane, pace: Pace, acted: () => void) {
    this.heldMaxBytes = pace.heldMaxBytes;
    this.#lane = lane;
    this.#pace = pace;
    this.#acted = acted;
  }

  get queued(): number {
    return this.#queue.length - this.#first;
  }

  push(item: Item): void {
    if (this.queued === 0) this.#freeAt = Math.max(this.#freeAt, performance.now());
    this.#queue.push(item);
    this.#acted();
    if (this.#timer === undefined && this.#turn === undefined) this.#pump();
  }

  drained(): void {
    if (this.#timer === undefined && this.#turn === undefined) this.#pump();
  }

  release(): void {
    const held = this.#queue.slice(this.#first);
    this.discard();
    for (const item of held) this.#lane.passOn(item);
  }

  discard(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    this.#turn = undefined;
    this.#queue = [];
    this.#first = 0;
    this.#piece = undefined;
  }

  #pump(): void {
    const now = performance.now();
    for (let passed = 0; this.queued > 0; passed++) {
      const item = this.#queue[this.#first] as Item;
      const {size, dueAt} = this.#pieceOf(item);
      if (dueAt > now + EARLY_MAX_MS) {
        this.#wait(dueAt - now);
        return;
      }
      if (this.#pace.heedsTarget && this.#lane.blocked) return;
      if (passed >= PIECES_PER_TURN) {
        this.#yield();
        return;
      }
      this.#freeAt = dueAt + this.#pace.afterMs;
      this.#piece = undefined;
      this.#lane.passOn(this.#take(item, size));
    }
  }

  /** Closings wait for their turn and take no time of their own. */
  #pieceOf(item: Item): {readonly size: number; readonly dueAt: number} {
    if (item.kind !== 'bytes') return {size: 0, dueAt: this.#freeAt};
    if (this.#piece === undefined) {
      const size = Math.min(item.bytes.length, this.#pace.size());
      this.#piece = {size, dueAt: this.#freeAt + this.#pace.beforeMs(size)};
    }
    return this.#piece;
  }

  #take(item: Item, size: number): Item {
    if (item.kind === 'bytes' && size < item.bytes.length) {
      const [piece, rest] = split(item, size);
      this.#queue[this.#first] = rest;
      return piece;
    }
    this.#first++;
    // What was passed on is cut off now and then, not each time: that would move the whole queue.
    if (this.#first === this.#queue.length || this.#first > 1024) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#pump();
      },
      Math.max(1, Math.ceil(ms - EARLY_MAX_MS)),
    );
  }

  #yield(): void {
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#pump();
    });
  }
}
