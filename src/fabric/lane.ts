import type {Socket} from 'node:net';
import type {Exchange} from './http/exchange.ts';

/** What travels a lane: bytes, or one of the two ways in which a side ends. `completes`: exchanges that are over once it has left. */
export type Item =
  | {readonly kind: 'bytes'; readonly bytes: Buffer; readonly completes?: readonly Exchange[]}
  | {readonly kind: 'end'; readonly completes?: readonly Exchange[]}
  | {readonly kind: 'reset'};

/** One toxic on one lane. It passes on every item that it took, in order, now or later. */
export interface Stage {
  push(item: Item): void;
  /** Passes on all that it holds, at once: its toxic goes. */
  release(): void;
  /** Forgets what it holds: the connection is gone. */
  discard(): void;
  /** It passes nothing on before it is released. */
  readonly holds?: true;
}

export type MakeStage = (passOn: (item: Item) => void) => Stage;

/** Where a lane ends. */
export interface LaneEnd {
  /** The socket to write to; opened now when it was not needed before. Undefined: it is gone. */
  open(): Socket | undefined;
  /** The source has sent its FIN, and all before it has been written. */
  end(): void;
  /** The source is gone by RST or error. */
  reset(): void;
  /** Bytes were written to the target. */
  passed(bytes: number): void;
  completed(exchanges: readonly Exchange[]): void;
}

/** Enough for 100 MB/s through a latency of 100 ms, with room. */
const LANE_HELD_MAX_BYTES = 16 * 1024 * 1024;
/**
 * Read while nothing gets through. The kernel would buffer more than that for a peer that cannot reach us, so nobody sees a difference; and
 * the request log knows when a request came, not only when the link healed.
 */
const HOLDING_MAX_BYTES = 256 * 1024;
/** Without toxics: bytes written ahead of the target before the source is paused. */
const WRITE_AHEAD_MAX_BYTES = 256 * 1024;

/**
 * One direction of a connection: from a source socket through the stages of the toxics in force to the target. What it holds is
 * bounded: past the bound the source is paused. Nothing in it is lost, doubled or reordered when stages come and go.
 */
export class Lane {
  readonly #end: LaneEnd;
  readonly #stages: Stage[] = [];
  #source: Socket | undefined;
  #target: Socket | undefined;
  #paused = false;
  #heldBytes = 0;
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
    });
  }

  /** Nothing gets through at the moment. */
  get holding(): boolean {
    return this.#stages.some(stage => stage.holds === true);
  }

  /** Takes bytes of the source. The path without toxics is short on purpose. */
  pass(bytes: Buffer, completes?: readonly Exchange[]): void {
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

  /** Puts a stage at the end of the stack. Returns what takes it off again, and then all that it held is on its way. */
  add(make: MakeStage): () => void {
    const stage = make(item => {
      const next = this.#stages[this.#stages.indexOf(stage) + 1];
      if (next === undefined) this.#leave(item);
      else next.push(item);
    });
    this.#stages.push(stage);
    return () => {
      stage.release();
      this.#stages.splice(this.#stages.indexOf(stage), 1);
      this.#steer();
    };
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
    const waiting = this.#heldBytes + (this.#target?.destroyed === false ? this.#target.writableLength : 0);
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

  #maxBytes(): number {
    if (this.#stages.length === 0) return WRITE_AHEAD_MAX_BYTES;
    return this.holding ? HOLDING_MAX_BYTES : LANE_HELD_MAX_BYTES;
  }
}
