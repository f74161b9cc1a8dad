import type {Item, Stage, StageLane} from '../lane.ts';
import {type Bytes, split} from '../merge.ts';
import {onLanes, type ToxicDefinition} from './toxic.ts';

/**
 * Exactly `bytes` bytes are delivered, for each connection and direction by itself and from the moment at which the toxic was put on it; then the
 * connection is closed. With 0 it is closed as soon as something is to pass. Error: none.
 */
export const limitData: ToxicDefinition = {
  kind: 'limit_data',
  attributes: {
    bytes: {
      type: 'number',
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      default: 0,
      integer: true,
      unit: 'B',
      meaning: 'what passes before the connection is closed',
    },
  },
  attach: (host, toxic) => onLanes(host, lane => new LimitStage(lane, Number(toxic.attributes.bytes), toxic.acted)),
};

class LimitStage implements Stage {
  readonly queued = 0;
  readonly #lane: StageLane;
  readonly #acted: () => void;
  #left: number;
  #closed = false;

  constructor(lane: StageLane, bytes: number, acted: () => void) {
    this.#lane = lane;
    this.#left = bytes;
    this.#acted = acted;
  }

  push(item: Item): void {
    if (this.#closed) {
      this.#lane.lose(item);
    } else if (item.kind !== 'bytes' || item.bytes.length < this.#left) {
      if (item.kind === 'bytes') this.#left -= item.bytes.length;
      this.#lane.passOn(item);
    } else {
      this.#close(item);
    }
  }

  #close(item: Bytes): void {
    this.#closed = true;
    this.#acted();
    const [last, surplus] = item.bytes.length === this.#left ? [item] : split(item, this.#left);
    if (surplus !== undefined) this.#lane.lose(surplus);
    if (last.bytes.length > 0) this.#lane.passOn(last);
    this.#lane.passOn({kind: 'close'});
  }

  release(): void {}

  discard(): void {}
}
