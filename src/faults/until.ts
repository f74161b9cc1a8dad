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
