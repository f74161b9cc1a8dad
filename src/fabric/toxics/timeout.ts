import type {Item, Stage, StageLane} from '../lane.ts';
import {startTimer} from './timer.ts';
import {onLanes, type ToxicDefinition, wholeMs} from './toxic.ts';

/**
 * All data is lost, and the connection is closed `timeout` ms after the toxic was put on it or it came, idle or not; 0: when the toxic goes.
 * It is closed then in any case: what was lost would be missing. Error: never early by more than 0.4 ms; late as timers are, by about 1 ms.
 * Toxiproxy's own begins anew with each chunk, so that a busy connection is never closed; what its documentation says is what is done here.
 */
export const timeout: ToxicDefinition = {
  kind: 'timeout',
  attributes: {
    timeout: wholeMs('when the connection is closed; 0: when the toxic goes'),
  },
  attach(host, toxic) {
    const detach = onLanes(host, lane => new LosingStage(lane, toxic.acted));
    const close = (): void => {
      toxic.acted();
      host.cut();
    };
    const timeoutMs = Number(toxic.attributes.timeout);
    const callOff = timeoutMs === 0 ? undefined : startTimer(timeoutMs, close);
    return why => {
      callOff?.();
      if (why === 'updated') detach();
      else host.cut();
    };
  },
};

/** Closings pass, bytes do not. */
class LosingStage implements Stage {
  readonly queued = 0;
  readonly #lane: StageLane;
  readonly #acted: () => void;

  constructor(lane: StageLane, acted: () => void) {
    this.#lane = lane;
    this.#acted = acted;
  }

  push(item: Item): void {
    if (item.kind === 'bytes') {
      this.#acted();
      this.#lane.lose(item);
    } else {
      this.#lane.passOn(item);
    }
  }

  release(): void {}

  discard(): void {}
}
