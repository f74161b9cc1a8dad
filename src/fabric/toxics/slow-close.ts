import type {Item, Stage, StageLane} from '../lane.ts';
import {startTimer} from './timer.ts';
import {onLanes, type ToxicDefinition, wholeMs} from './toxic.ts';

/**
 * Bytes pass at once; a side's closing, FIN or RST, reaches the other `delay` ms later. A half-closed connection stays half-closed. Error: never
 * early by more than 0.4 ms; late as timers are, by about 1 ms.
 */
export const slowClose: ToxicDefinition = {
  kind: 'slow_close',
  attributes: {
    delay: wholeMs('how much later a closing arrives'),
  },
  attach: (host, toxic) => onLanes(host, lane => new ClosingStage(lane, Number(toxic.attributes.delay), toxic.acted)),
};

class ClosingStage implements Stage {
  readonly #lane: StageLane;
  readonly #delayMs: number;
  readonly #acted: () => void;
  /** From the first closing on: a reset may follow a FIN. */
  #held: Item[] = [];
  #callOff: (() => void) | undefined;

  constructor(lane: StageLane, delayMs: number, acted: () => void) {
    this.#lane = lane;
    this.#delayMs = delayMs;
    this.#acted = acted;
  }

  get queued(): number {
    return this.#held.length;
  }

  push(item: Item): void {
    if (item.kind === 'bytes' && this.#held.length === 0) {
      this.#lane.passOn(item);
      return;
    }
    this.#held.push(item);
    this.#acted();
    this.#callOff ??= startTimer(this.#delayMs, () => this.release());
  }

  release(): void {
    const held = this.#held;
    this.discard();
    for (const item of held) this.#lane.passOn(item);
  }

  discard(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#held = [];
  }
}
