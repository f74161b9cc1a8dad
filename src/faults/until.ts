/** Waits for work to be over; no longer than this (ms), where there is a bound. Whatever becomes of the work is somebody else's to hear. */
export async function settledWithin(work: Promise<void> | undefined, ms: number | undefined): Promise<void> {
  if (work === undefined || ms === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Waits until a condition holds; false when it does not within the bound. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 20,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() >= deadline) return false;
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
  return true;
}
