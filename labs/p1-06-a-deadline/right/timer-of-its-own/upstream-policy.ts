import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const TRIES = 3;
const PAUSE_MS = 5;

/** A timer in the place of `AbortSignal.timeout`, which nobody clears, a third try, and a short pause before each further one. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (_service, {clock}) => ({
  async call({safeToRepeat, deadline}, send) {
    const late = new DOMException('the caller has gone', 'TimeoutError');
    const over = new AbortController();
    if (clock.now() >= deadline) over.abort(late);
    else setTimeout(() => over.abort(late), deadline - clock.now());
    let left = safeToRepeat ? TRIES : 1;
    for (;;) {
      over.signal.throwIfAborted();
      left--;
      try {
        return await send(over.signal);
      } catch (error) {
        if (left === 0 || over.signal.aborted) throw error;
      }
      await clock.sleep(PAUSE_MS, over.signal);
    }
  },
});
