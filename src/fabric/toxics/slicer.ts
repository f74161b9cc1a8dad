import {type Pace, PacedStage} from './paced-stage.ts';
import {onLanes, type ToxicDefinition} from './toxic.ts';

const HELD_MAX_BYTES = 256 * 1024;
const SIZE_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Writes what passes in slices of `average_size` ± `size_variation` bytes (uniform, from the seed), `delay` microseconds apart. Timers count ms:
 * slices that are due within the same ms leave in it, one write each. Error: over many slices the delay is kept to 5 %, and never undercut by
 * more than 0.4 ms; a receiver that is slow to read may find several slices at once.
 */
export const slicer: ToxicDefinition = {
  kind: 'slicer',
  attributes: {
    average_size: {
      type: 'number',
      min: 1,
      max: SIZE_MAX_BYTES,
      default: 64,
      integer: true,
      unit: 'B',
      meaning: 'average size of a slice',
    },
    size_variation: {
      type: 'number',
      min: 0,
      max: SIZE_MAX_BYTES,
      default: 0,
      integer: true,
      unit: 'B',
      meaning: 'how much the size varies; less than average_size',
    },
    delay: {
      type: 'number',
      min: 0,
      max: 600_000_000,
      default: 0,
      integer: true,
      unit: 'us',
      meaning: 'time between two slices',
    },
  },
  contradiction: ({average_size, size_variation}) =>
    Number(size_variation) < Number(average_size)
      ? undefined
      : `size_variation is less than average_size, and ${size_variation} is not less than ${average_size}`,
  attach: (host, toxic) =>
    onLanes(host, lane => {
      const average = Number(toxic.attributes.average_size);
      const variation = Number(toxic.attributes.size_variation);
      const random = variation === 0 ? undefined : toxic.random(`${host.proxy}/${host.key}/${lane.name}`);
      const pace: Pace = {
        heldMaxBytes: HELD_MAX_BYTES,
        size: () => random?.integer(average - variation, average + variation) ?? average,
        beforeMs: () => 0,
        afterMs: Number(toxic.attributes.delay) / 1000,
        heedsTarget: true,
      };
      return new PacedStage(lane, pace, toxic.acted);
    }),
};
