import {LANE_HELD_MAX_BYTES} from '../lane.ts';
import {HoldingStage} from './holding-stage.ts';
import {type Pace, PacedStage} from './paced-stage.ts';
import {onLanes, type ToxicDefinition} from './toxic.ts';

/** Bytes leave in pieces that take this long, ms. */
const PIECE_MS = 4;
/** At the slowest rates, a piece is not smaller than this, bytes: one byte at a time is work without a difference. */
const PIECE_MIN_BYTES = 16;
const BUFFER_MIN_BYTES = 64 * 1024;

/**
 * Limits what passes to `rate` KB/s (1 KB = 1000 B), for each connection and direction by itself. Bytes leave when a line of this speed
 * would have carried them: evenly, in pieces of 4 ms (at least 16 B). Rate 0 lets nothing through, and what it held is delivered when it goes.
 * Error: never faster than the rate; slower by at most 5 % over a second, as long as the event loop is not kept busy.
 */
export const bandwidth: ToxicDefinition = {
  kind: 'bandwidth',
  attributes: {
    rate: {
      type: 'number',
      min: 0,
      max: 10_000_000,
      default: 0,
      integer: true,
      unit: 'KB/s',
      meaning: 'what passes in a second; 0: nothing',
    },
  },
  attach(host, toxic) {
    const rate = Number(toxic.attributes.rate);
    if (rate === 0) return onLanes(host, lane => new HoldingStage(lane, toxic.acted));
    return onLanes(host, lane => new PacedStage(lane, paceOf(rate), toxic.acted));
  },
};

/** A rate in KB/s is one in bytes per ms. */
function paceOf(rate: number): Pace {
  const size = Math.max(PIECE_MIN_BYTES, Math.round(rate * PIECE_MS));
  return {
    // A sender notices a slow line after a second, as the buffers of a real one would let it.
    heldMaxBytes: Math.min(LANE_HELD_MAX_BYTES, Math.max(BUFFER_MIN_BYTES, rate * 1000)),
    size: () => size,
    beforeMs: bytes => bytes / rate,
    afterMs: 0,
    heedsTarget: false,
  };
}
