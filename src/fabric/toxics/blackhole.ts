import type {Item, Stage} from '../lane.ts';
import type {ToxicDefinition} from './toxic.ts';

/** Nothing gets through: bytes and closings are held, and delivered when it goes. What partitions use. */
export const blackhole: ToxicDefinition = {
  kind: 'blackhole',
  attributes: {},
  attach(host, toxic) {
    const detach = host.lanes().map(({lane}) => lane.add(passOn => new HoldingStage(passOn, toxic.acted)));
    return () => {
      for (const one of detach) one();
    };
  },
};

class HoldingStage implements Stage {
  readonly holds = true;
  readonly #passOn: (item: Item) => void;
  readonly #acted: () => void;
  #held: Item[] = [];

  constructor(passOn: (item: Item) => void, acted: () => void) {
    this.#passOn = passOn;
    this.#acted = acted;
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
