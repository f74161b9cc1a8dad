/** Waits that can all be cut short at once. */
export interface Pauses {
  /** True after `ms`; false at once when everything was cut short. */
  sleep(ms: number): Promise<boolean>;
  readonly over: boolean;
  cutShort(): void;
}

export function createPauses(): Pauses {
  const pending = new Map<NodeJS.Timeout, (slept: boolean) => void>();
  let over = false;
  return {
    get over() {
      return over;
    },
    sleep: ms => {
      if (over) return Promise.resolve(false);
      return new Promise(resolve => {
        const timer = setTimeout(() => {
          pending.delete(timer);
          resolve(true);
        }, ms);
        pending.set(timer, resolve);
      });
    },
    cutShort: () => {
      over = true;
      for (const [timer, resolve] of pending) {
        clearTimeout(timer);
        resolve(false);
      }
      pending.clear();
    },
  };
}
