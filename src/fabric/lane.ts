import type {Socket} from 'node:net';
import type {Exchange} from './http/exchange.ts';
import {merge} from './merge.ts';

/**
 * What travels a lane: bytes, or a way in which a side ends. `completes`: exchanges that are over once it has left. `close`: the whole
 * connection is to be closed, once what came before it has been delivered.
 */
export type Item =
  | {readonly kind: 'bytes'; readonly bytes: Buffer; readonly completes?: readonly Exchange[]}
  | {readonly kind: 'end'; readonly completes?: readonly Exchange[]}
  | {readonly kind: 'reset'}
  | {readonly kind: 'close'};

/** One toxic on one lane. It passes on every item that it took, in order, now or later, whole or in pieces, or says that it is lost. */
export interface Stage {
  push(item: Item): void;
  /** Passes on all that it holds, at once: its toxic goes. */
  release(): void;
  /** Forgets what it holds: the connection is gone. */
  discard(): void;
  /** How many items it holds. */
  readonly queued: number;
  /** It passes nothing on for now. */
  readonly holds?: boolean;
  /** How many bytes there may be in the lane for its sake; absent: what a lane without stages may have. */
  readonly heldMaxBytes?: number;
  /** Nothing in front of it holds anything up (any more). */
  begin?(): void;
  /** The target takes bytes again. */
  drained?(): void;
}

/** What a stage may ask of its lane. */
export interface StageLane {
  /** These bytes go nowhere. */
  lose(item: Item): void;
  /** It does not hold any more, though it stays. */
  wake(): void;
  /** The target has more to write than it likes. */
  readonly blocked: boolean;
}

export type MakeStage = (passOn: (item: Item) => void, lane: StageLane) => Stage;

/** Where a lane ends. */
export interface LaneEnd {
  /** The socket to write to; opened now when it was not needed before. Undefined: it is gone. */
  open(): Socket | undefined;
  /** The source has sent its FIN, and all before it has been written. */
  end(): void;
  /** The source is gone by RST or error. */
  reset(): void;
  /** Both ends are to be closed, and all before has been written. */
  close(): void;
  /** No stage holds anything up. */
  clear(): void;
  /** Bytes were written to the target. */
  passed(bytes: number): void;
  completed(exchanges: readonly Exchange[]): void;
}

/** Enough for 100 MB/s through a latency of 100 ms, with room. */
export const LANE_HELD_MAX_BYTES = 16 * 1024 * 1024;
/**
 * Read while nothing gets through. The kernel would buffer more than that for a peer that cannot reach us, so nobody sees a difference; and
 * the request log knows when a request came, not only when the link healed.
 */
const HOLDING_MAX_BYTES = 256 * 1024;
/** Without toxics: bytes written ahead of the target before the source is paused. */
const WRITE_AHEAD_MAX_BYTES = 256 * 1024;
/** What an item takes besides its bytes, roughly: bytes one by one are not as small as they look. */
const ITEM_BYTES = 256;

/**
 * One direction of a connection: from a source socket through the stages of the toxics in force to the target. What it holds is
 * bounded: past the bound the source is paused. Nothing in it is lost, doubled or reordered when stages come and go.
 */
export class Lane implements StageLane {
  readonly #end: LaneEnd;
  readonly #stages: Stage[] = [];
  /** Places of the stages, rising. */
  readonly #places: number[] = [];
  #source: Socket | undefined;
  #target: Socket | undefined;
  #paused = false;
  #heldBytes = 0;
  #backlog = 0;
  #ended = false;
  #over = false;

  constructor(end: LaneEnd) {
    this.#end = end;
  }

  /** Where the items come from: it is paused while the lane is full. */
  readFrom(source: Socket): void {
    this.#source = source;
    if (this.#paused) source.pause();
  }

  writeTo(target: Socket): void {
    this.#target = target;
    target.on('drain', () => {
      if (this.#paused) this.#steer();
      for (const stage of this.#stages) stage.drained?.();
    });
  }

  /** Nothing gets through at the moment. */
  get holding(): boolean {
    return this.#stages.some(stage => stage.holds === true);
  }

  /** Takes bytes of the source. The path without toxics is short on purpose. */
  pass(bytes: Buffer, completes?: readonly Exchange[]): void {
    if (this.#over) return;
    if (this.#stages.length > 0) {
      this.#heldBytes += bytes.length;
      this.#enter(completes === undefined ? {kind: 'bytes', bytes} : {kind: 'bytes', bytes, completes});
    } else {
      this.#write(bytes, completes);
    }
    this.#steer();
  }

  end(completes?: readonly Exchange[]): void {
    this.#enter(completes === undefined ? {kind: 'end'} : {kind: 'end', completes});
  }

  reset(): void {
    this.#enter({kind: 'reset'});
  }

  /**
   * Puts a stage into the stack: before all of a higher place, after all others. Returns what takes it off again, and then all that it held
   * is on its way.
   */
  add(make: MakeStage, place = Number.POSITIVE_INFINITY): () => void {
    let released: Item[] | undefined;
    const forward = (item: Item): void => {
      const next = this.#stages[this.#stages.indexOf(stage) + 1];
      if (next === undefined) this.#leave(item);
      else next.push(item);
    };
    const stage = make(item => {
      if (released === undefined) forward(item);
      else released.push(item);
    }, this);
    const above = this.#places.findIndex(other => other > place);
    const index = above === -1 ? this.#stages.length : above;
    this.#stages.splice(index, 0, stage);
    this.#places.splice(index, 0, place);
    return () => {
      released = [];
      stage.release();
      for (const item of merge(released)) forward(item);
      const at = this.#stages.indexOf(stage);
      this.#stages.splice(at, 1);
      this.#places.splice(at, 1);
      this.wake();
      this.#steer();
    };
  }

  lose(item: Item): void {
    if (item.kind !== 'bytes') return;
    this.#heldBytes -= item.bytes.length;
    if (this.#paused) this.#steer();
  }

  /** Lets stages that wait for their turn begin. */
  wake(): void {
    if (this.#over) return;
    for (const stage of this.#stages) {
      stage.begin?.();
      if (stage.holds === true) return;
    }
    this.#end.clear();
  }

  get blocked(): boolean {
    return this.#target?.writableNeedDrain === true;
  }

  /** Bytes that wait elsewhere because of what this lane brought. */
  set backlog(bytes: number) {
    this.#backlog = bytes;
    this.#steer();
  }

  /** Bytes that have come and not left. */
  get waiting(): number {
    return this.#heldBytes + (this.#target?.destroyed === false ? this.#target.writableLength : 0);
  }

  /** The connection is gone. */
  discard(): void {
    this.#over = true;
    for (const stage of this.#stages) stage.discard();
  }

  #enter(item: Item): void {
    if (this.#over) return;
    const [first] = this.#stages;
    if (first === undefined) this.#leave(item);
    else first.push(item);
  }

  #leave(item: Item): void {
    if (this.#over) return;
    if (item.kind === 'bytes') {
      this.#heldBytes -= item.bytes.length;
      this.#write(item.bytes, item.completes);
      if (this.#paused) this.#steer();
    } else if (item.kind === 'reset') {
      this.#over = true;
      this.#end.reset();
    } else if (item.kind === 'close') {
      this.#over = true;
      this.#end.close();
    } else if (!this.#ended) {
      this.#ended = true;
      if (item.completes !== undefined) this.#end.completed(item.completes);
      this.#end.end();
    }
  }

  #write(bytes: Buffer, completes: readonly Exchange[] | undefined): void {
    const target = this.#target ?? this.#end.open();
    // A target that is gone takes its bytes with it; its own closing tells the source.
    if (target === undefined || target.destroyed || target.writableEnded) return;
    target.write(bytes);
    this.#end.passed(bytes.length);
    if (completes !== undefined) this.#end.completed(completes);
  }

  /** Pauses or resumes the source according to what is held here and what the target has yet to write. */
  #steer(): void {
    const waiting = this.waiting + this.#backlog + (this.#stages.length === 0 ? 0 : this.#itemBytes());
    if (!this.#paused && waiting <= WRITE_AHEAD_MAX_BYTES) return;
    const max = this.#maxBytes();
    if (waiting > max && !this.#paused) {
      this.#paused = true;
      this.#source?.pause();
    } else if (this.#paused && waiting <= max / 2) {
      this.#paused = false;
      this.#source?.resume();
    }
  }

  #itemBytes(): number {
    return this.#stages.reduce((sum, {queued}) => sum + queued * ITEM_BYTES, 0);
  }

  #maxBytes(): number {
    if (this.#stages.length === 0) return WRITE_AHEAD_MAX_BYTES;
    if (this.holding) return HOLDING_MAX_BYTES;
    const wanted = this.#stages.reduce((sum, {heldMaxBytes = WRITE_AHEAD_MAX_BYTES}) => sum + heldMaxBytes, 0);
    return Math.min(LANE_HELD_MAX_BYTES, wanted);
  }
}
