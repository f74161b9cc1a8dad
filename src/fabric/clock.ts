/** Unix ms with fractions. Follows the wall clock when that jumps (a suspended laptop), and is finer than `Date.now()` in between. */
export function createWallClock(): () => number {
  let offset = Date.now() - performance.now();
  return () => {
    const wall = Date.now();
    const fine = performance.now() + offset;
    if (Math.abs(fine - wall) <= DRIFT_MAX_MS) return fine;
    offset = wall - performance.now();
    return wall;
  };
}

const DRIFT_MAX_MS = 3;
