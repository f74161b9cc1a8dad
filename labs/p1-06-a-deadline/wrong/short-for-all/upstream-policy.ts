import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const TIMEOUT_MS = 300;
const ATTEMPTS = 2;

/** A healthy stream takes some ms, so 300 are generous, and nobody waits too long. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  async call({safeToRepeat}, send) {
    const over = AbortSignal.timeout(TIMEOUT_MS);
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(over);
      } catch (error) {
        if (over.aborted || !safeToRepeat || attempt >= ATTEMPTS) throw error;
      }
    }
  },
});
