import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const ATTEMPTS = 2;

/** Each try has as long as the caller waits. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (_service, {clock}) => ({
  async call({safeToRepeat, deadline}, send) {
    const patienceMs = Math.max(0, deadline - clock.now());
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(AbortSignal.timeout(patienceMs));
      } catch (error) {
        if (!safeToRepeat || attempt >= ATTEMPTS) throw error;
      }
    }
  },
});
