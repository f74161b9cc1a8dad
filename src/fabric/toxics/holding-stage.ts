import type {Item, Stage, StageLane} from '../lane.ts';

/** Lets nothing through before it is released. */
export class HoldingStage implements Stage {
  readonly holds = true;
  readonly #lane: StageLane;
  readonly #acted: () => void;
  #held: Item[] = [];

  constructor(lane: StageLane, acted: () => void) {
    this.#lane = lane;
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
    for (const item of held) this.#lane.passOn(item);
  }

  discard(): void {
    this.#held = [];
  }
}
