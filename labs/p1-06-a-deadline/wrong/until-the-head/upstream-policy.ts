import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const ATTEMPTS = 2;

/** The timer is cleared as soon as there is an answer, as one clears timers. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (service, {clock}) => ({
  async call({safeToRepeat, deadline}, send) {
    const controller = new AbortController();
    const expire = () => controller.abort(new DOMException(`${service} did not answer in time`, 'TimeoutError'));
    const timer = setTimeout(expire, Math.max(0, deadline - clock.now()));
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await send(controller.signal);
        } catch (error) {
          if (controller.signal.aborted || !safeToRepeat || attempt >= ATTEMPTS) throw error;
        }
      }
    } finally {
      clearTimeout(timer);
    }
  },
});
