import type {Item, Stage} from '../lane.ts';

/** Lets nothing through before it is released. */
export class HoldingStage implements Stage {
  readonly holds = true;
  readonly #passOn: (item: Item) => void;
  readonly #acted: () => void;
  #held: Item[] = [];

  constructor(passOn: (item: Item) => void, acted: () => void) {
    this.#passOn = passOn;
    this.#acted = acted;
  }

  get queued(): number {
    return this.#held.length;
  }

  push(item: Item): void {
    this.#held.push(item);
    this.#acted();
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const item of held) this.#passOn(item);
  }

  discard(): void {
    this.#held = [];
  }
}
