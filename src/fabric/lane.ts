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

/** A direction of a connection: requests travel upstream. */
export type LaneName = 'upstream' | 'downstream';

/** What a stage may ask of its lane. */
export interface StageLane {
  readonly name: LaneName;
  /** Hands an item to the next stage, or to the target. */
  passOn(item: Item): void;
  /** These bytes go nowhere. */
  lose(item: Item): void;
  /** It does not hold any more, though it stays. */
  wake(): void;
  /** The target has more to write than it likes. */
  readonly blocked: boolean;
}

export type MakeStage = (lane: StageLane) => Stage;

/** A stage that was put into a lane. */
export interface Placed {
  /** Takes it off again; then all that it held is on its way. */
  remove(): void;
}

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
export class Lane {
  readonly name: LaneName;
  readonly #end: LaneEnd;
  /** By place, rising. */
  readonly #slots: Slot[] = [];
  #source: Socket | undefined;
  #target: Socket | undefined;
  #paused = false;
  #heldBytes = 0;
  #backlog = 0;
  #ended = false;
  #over = false;

  constructor(name: LaneName, end: LaneEnd) {
    this.name = name;
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
      for (const {stage} of this.#slots) stage.drained?.();
    });
  }

  /** Nothing gets through at the moment. */
  get holding(): boolean {
    return this.#slots.some(({stage}) => stage.holds === true);
  }

  /** Takes bytes of the source. The path without toxics is short on purpose. */
  pass(bytes: Buffer, completes?: readonly Exchange[]): void {
    if (this.#over) return;
    if (this.#slots.length > 0) {
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

  /** Puts a stage into the stack: before all of a higher place, after all others. */
  add(make: MakeStage, place = Number.POSITIVE_INFINITY): Placed {
    const slot = new Slot(this, place, make);
    const above = this.#slots.findIndex(other => other.place > place);
    this.#slots.splice(above === -1 ? this.#slots.length : above, 0, slot);
    return slot;
  }

  /** Passes on what has left a slot. */
  forward(slot: Slot, item: Item): void {
    const next = this.#slots[this.#slots.indexOf(slot) + 1];
    if (next === undefined) this.#leave(item);
    else next.stage.push(item);
  }

  /** An empty slot goes. */
  drop(slot: Slot): void {
    this.#slots.splice(this.#slots.indexOf(slot), 1);
    this.wake();
    this.#steer();
  }

  lose(item: Item): void {
    if (item.kind !== 'bytes') return;
    this.#heldBytes -= item.bytes.length;
    if (this.#paused) this.#steer();
  }

  /** Lets stages that wait for their turn begin. */
  wake(): void {
    if (this.#over) return;
    for (const {stage} of this.#slots) {
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
    for (const {stage} of this.#slots) stage.discard();
  }

  #enter(item: Item): void {
    if (this.#over) return;
    const [first] = this.#slots;
    if (first === undefined) this.#leave(item);
    else first.stage.push(item);
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
    const waiting = this.waiting + this.#backlog + (this.#slots.length === 0 ? 0 : this.#itemBytes());
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
    return this.#slots.reduce((sum, {stage}) => sum + stage.queued * ITEM_BYTES, 0);
  }

  #maxBytes(): number {
    if (this.#slots.length === 0) return WRITE_AHEAD_MAX_BYTES;
    if (this.holding) return HOLDING_MAX_BYTES;
    const wanted = this.#slots.reduce((sum, {stage}) => sum + (stage.heldMaxBytes ?? WRITE_AHEAD_MAX_BYTES), 0);
    return Math.min(LANE_HELD_MAX_BYTES, wanted);
  }
}

/** Where a stage stands in its lane. One object and no closures: a toxic may be put on thousands of connections between two events. */
class Slot implements StageLane, Placed {
  readonly stage: Stage;
  readonly place: number;
  readonly #lane: Lane;
  /** What the stage lets go while it is taken off. */
  #released: Item[] | undefined;

  constructor(lane: Lane, place: number, make: MakeStage) {
    this.#lane = lane;
    this.place = place;
    this.stage = make(this);
  }

  passOn(item: Item): void {
    if (this.#released === undefined) this.#lane.forward(this, item);
    else this.#released.push(item);
  }

  get name(): LaneName {
    return this.#lane.name;
  }

  lose(item: Item): void {
    this.#lane.lose(item);
  }

  wake(): void {
    this.#lane.wake();
  }

  get blocked(): boolean {
    return this.#lane.blocked;
  }

  remove(): void {
    this.#released = [];
    this.stage.release();
    for (const item of merge(this.#released)) this.#lane.forward(this, item);
    this.#lane.drop(this);
  }
}
