/** Those who wait for conditions that only events can change. */
export class Waiters {
  readonly #looks = new Set<() => void>();

  /** Something has happened: everybody looks again. */
  look(): void {
    for (const look of this.#looks) look();
  }

  /** Whether the condition held within `withinMs`. Rejects with the signal's reason. */
  async until(condition: () => boolean, withinMs: number, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    if (condition()) return true;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        signal?.removeEventListener('abort', onAbort);
      };
      const look = (): void => {
        if (!condition()) return;
        finish();
        resolve(true);
      };
      const onAbort = (): void => {
        finish();
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        finish();
        resolve(condition());
      }, withinMs);
      signal?.addEventListener('abort', onAbort, {once: true});
      this.#looks.add(look);
    });
  }
}
