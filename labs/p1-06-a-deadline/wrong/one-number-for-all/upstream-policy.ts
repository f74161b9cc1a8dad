import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const TIMEOUT_MS = 1_000;
const ATTEMPTS = 2;

/** A second is plenty: for both tries together, and whoever asks. */
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
