import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const ATTEMPTS = 2;

/** What may be repeated is tried twice. Each try takes as long as it takes. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  async call({safeToRepeat}, send) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(new AbortController().signal);
      } catch (error) {
        if (!safeToRepeat || attempt >= ATTEMPTS) throw error;
      }
    }
  },
});
