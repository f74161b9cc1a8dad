/** Unix ms with fractions. Aligned to the system clock once, so that a step of it in the middle of a load moves no latency. */
export type WallClock = () => number;

export function createWallClock(): WallClock {
  const offset = Date.now() - performance.now();
  return () => offset + performance.now();
}
