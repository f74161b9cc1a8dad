const NOTHING = Buffer.alloc(0);

/**
 * Passes a client's bytes on, in chunks as they come, and can keep a request back: from its first byte until it is known which it is, and to
 * its end when it is to be taken away. Offsets count from the start of the chunk under way.
 */
export class RequestGate {
  readonly #pass: (bytes: Buffer) => void;
  #chunk: Buffer = NOTHING;
  /** How much of the chunk has been passed on, kept or taken away. */
  #done = 0;
  /** The beginning of a head that came in earlier chunks. */
  #kept: Buffer[] = [];
  #state: 'open' | 'holding' | 'taking' = 'open';

  constructor(pass: (bytes: Buffer) => void) {
    this.#pass = pass;
  }

  get holding(): boolean {
    return this.#state === 'holding';
  }

  get taking(): boolean {
    return this.#state === 'taking';
  }

  start(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#done = 0;
  }

  /** Keeps back what begins here. */
  hold(offset: number): void {
    this.#passTo(offset);
    this.#state = 'holding';
  }

  /** What was kept back goes on. */
  letGo(): void {
    if (this.#state !== 'holding') return;
    this.#state = 'open';
    const kept = this.#kept;
    this.#kept = [];
    for (const bytes of kept) this.#pass(bytes);
  }

  /** The request whose head ends here goes no further. Returns its head. */
  take(offset: number): string {
    const head = Buffer.concat([...this.#kept, this.#chunk.subarray(this.#done, offset)]);
    this.#kept = [];
    this.#done = offset;
    this.#state = 'taking';
    return head.toString('latin1');
  }

  /** The request that was taken away ends here. */
  taken(offset: number): void {
    this.#done = offset;
    this.#state = 'open';
  }

  finish(): void {
    if (this.#state === 'open') this.#passTo(this.#chunk.length);
    else if (this.#state === 'holding') this.#kept.push(this.#chunk.subarray(this.#done));
    this.#chunk = NOTHING;
  }

  #passTo(offset: number): void {
    if (offset === this.#done) return;
    const isWhole = this.#done === 0 && offset === this.#chunk.length;
    const bytes = isWhole ? this.#chunk : this.#chunk.subarray(this.#done, offset);
    this.#done = offset;
    this.#pass(bytes);
  }
}
