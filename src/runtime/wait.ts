import {setTimeout as sleep} from 'node:timers/promises';

/** Waits until `test` holds; false when it does not within the bound (ms). */
export async function waitUntil(
  test: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 5,
): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (!(await test())) {
    if (performance.now() >= until) return false;
    await sleep(everyMs);
  }
  return true;
}
