import type {Random} from '../../src/random.ts';

/** What is drawn for a run, and stated by the question. */
export interface Parameters {
  /** The projection stands still for so long, … */
  readonly longMs: number;
  /** … from the beginning of one standstill to that of the next. */
  readonly everyMs: number;
  /** Clients read this long after their write was taken. */
  readonly gapMs: number;
}

export function parameters(random: Random): Parameters {
  return {
    longMs: random.pick([1_800, 2_000, 2_200]),
    everyMs: random.pick([3_000, 3_200, 3_400]),
    gapMs: random.pick([200, 400, 600]),
  };
}

/** Share (%) of the reads that come before the projection has the write: those of writes that fall into a standstill with more than `gapMs` left of it. */
export function earlyShare({longMs, everyMs, gapMs}: Parameters): number {
  return ((longMs + CATCH_UP_MS - gapMs) / everyMs) * 100;
}

/** After a standstill there is a time of catching up: between nothing and half a second, as the machine is. */
const CATCH_UP_MS = 250;

/** When what happens, ms after the attack began. */
export const SCHEDULE = {
  shortFrom: 300,
  shortMs: 400,
  shortEveryMs: 800,
  shorts: 5,
  longFrom: 4_300,
  longs: 2,
  /** After the last of the long ones. */
  stallAfterMs: 700,
  stallMs: 4_200,
  endAfterMs: 900,
} as const;

/** When the projection stands still for good, and when the attack ends. */
export function stallFrom({everyMs}: Parameters): number {
  return SCHEDULE.longFrom + SCHEDULE.longs * everyMs + SCHEDULE.stallAfterMs;
}

export function endOf(drawn: Parameters): number {
  return stallFrom(drawn) + SCHEDULE.stallMs + SCHEDULE.endAfterMs;
}
