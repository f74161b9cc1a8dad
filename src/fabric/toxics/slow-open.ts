import type {Item, Stage, StageLane} from '../lane.ts';
import {startTimer} from './timer.ts';
import {type ToxicDefinition, wholeMs} from './toxic.ts';

/**
 * The upstream is connected to `delay` ms after the client, whose connection the kernel has accepted by then; what it sends meanwhile is held. Of
 * several the delays add up. Connections that are open already are left alone. Error: never early by more than 0.4 ms; late as timers are, by about 1 ms.
 */
export const slowOpen: ToxicDefinition = {
  kind: 'slow_open',
  attributes: {
    delay: wholeMs('how much later the upstream is connected to'),
  },
  attach(host, toxic) {
    if (!host.opening) return () => {};
    toxic.acted();
    const placed = host.add('upstream', side => new OpeningStage(side, Number(toxic.attributes.delay)));
    return () => placed.remove();
  },
};

class OpeningStage implements Stage {
  readonly #lane: StageLane;
  readonly #delayMs: number;
  #held: Item[] = [];
  #callOff: (() => void) | undefined;
  #holds = true;

  constructor(lane: StageLane, delayMs: number) {
    this.#lane = lane;
    this.#delayMs = delayMs;
  }

  get holds(): boolean {
    return this.#holds;
  }

  get queued(): number {
    return this.#held.length;
  }

  begin(): void {
    if (!this.#holds || this.#callOff !== undefined) return;
    this.#callOff = startTimer(this.#delayMs, () => {
      this.#holds = false;
      this.release();
      this.#lane.wake();
    });
  }

  push(item: Item): void {
    if (this.#holds) this.#held.push(item);
    else this.#lane.passOn(item);
  }

  release(): void {
    const held = this.#held;
    this.discard();
    for (const item of held) this.#lane.passOn(item);
  }

  discard(): void {
    this.#callOff?.();
    this.#held = [];
  }
}
