import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const ATTEMPTS = 2;

/** The caller gets an answer in time, whatever becomes of the request: it is raced with a timer. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (service, {clock}) => ({
  async call({safeToRepeat, deadline}, send) {
    const late = clock.sleep(Math.max(0, deadline - clock.now())).then(() => {
      throw new DOMException(`${service} did not answer in time`, 'TimeoutError');
    });
    for (let attempt = 1; ; attempt++) {
      try {
        return await Promise.race([send(new AbortController().signal), late]);
      } catch (error) {
        if (clock.now() >= deadline || !safeToRepeat || attempt >= ATTEMPTS) throw error;
      }
    }
  },
});
