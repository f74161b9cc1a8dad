import {setTimeout as pause} from 'node:timers/promises';

/** Waits until something holds, looking again every 100 ms. Default bound 30 s; then it throws with `what`, and `seen` if given. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  {boundMs = 30_000, seen = () => ''}: {boundMs?: number; seen?: () => string} = {},
): Promise<void> {
  const end = Date.now() + boundMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Not within ${boundMs / 1000} s: ${what}. ${seen()}`);
    await pause(100);
  }
}
