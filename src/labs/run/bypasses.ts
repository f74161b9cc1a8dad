import type {LabSystem} from '../system.ts';

/** Connections that live shorter than this may be missed, ms. */
const LOOK_EVERY_MS = 40;
/** Looking takes at most one part in this many of the time: a busy machine has long tables of connections. */
const PARTS = 25;

/** Watches for connections past the links. */
export interface BypassWatch {
  /** Stops watching, and gives what was seen, one sentence each. */
  stop(): readonly string[];
}

/** Looks from now on, again and again, whether nodes hold connections that are none of their links. */
export function watchBypasses(system: Pick<LabSystem, 'bypasses'>): BypassWatch {
  const startedAt = performance.now();
  const seen = new Map<string, {firstMs: number; looks: number}>();
  const look = (): void => {
    const at = performance.now();
    for (const {node, to} of system.bypasses()) {
      const way = `${node} was connected to ${to}, which is none of its links`;
      const known = seen.get(way) ?? {firstMs: at - startedAt, looks: 0};
      seen.set(way, {...known, looks: known.looks + 1});
    }
    timer = setTimeout(look, Math.max(LOOK_EVERY_MS, PARTS * (performance.now() - at)));
  };
  let timer = setTimeout(look, 0);
  return {
    stop: () => {
      clearTimeout(timer);
      return [...seen].map(
        ([way, {firstMs, looks}]) =>
          `${way}: first ${(firstMs / 1000).toFixed(1)} s after the baseline had begun, seen ${looks} ${looks === 1 ? 'time' : 'times'}`,
      );
    },
  };
}
