import {block, cancel, type Effect, later, monotonic, next} from './effect.ts';

/** While the loop is blocked, the control channel is looked at this often (ms): it can be told to stop, and sees its supervisor go. */
const LOOK_EVERY_MS = 5;

/** Blocks the event loop: in bursts, or without end until it is told to stop. `look` is called all the while. */
export function createBusy(look: () => void): Effect<'busy'> {
  let timer: NodeJS.Timeout | undefined;
  let blockedMs = 0;
  /** Grows with each order: a burst of an earlier one ends when it has changed. */
  let life = 0;

  const burst = (own: number, blockMs: number, freeMs: number): void => {
    const from = monotonic();
    while (life === own && monotonic() - from < blockMs) {
      block(Math.min(LOOK_EVERY_MS, Math.max(0.1, blockMs - (monotonic() - from))));
      look();
    }
    blockedMs += monotonic() - from;
    // The rest of the period is free, also of what came meanwhile.
    if (life === own) timer = later(() => burst(own, blockMs, freeMs), freeMs);
  };

  return {
    start({share, periodMs}) {
      life += 1;
      cancel(timer);
      blockedMs = 0;
      const own = life;
      const blockMs = share >= 1 ? Number.POSITIVE_INFINITY : share * periodMs;
      // Not at once: whoever gave the order gets its answer first.
      next(() => {
        if (life === own) burst(own, blockMs, Math.max(1, periodMs - blockMs));
      });
    },
    stop() {
      life += 1;
      cancel(timer);
    },
    state: () => ({seen: 0, affected: Math.round(blockedMs)}),
  };
}
