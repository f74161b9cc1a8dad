import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const ATTEMPTS = 2;

/** What may be repeated is tried twice, and all of it, the body included, ends when the caller stops waiting. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (service, {clock}) => ({
  async call({safeToRepeat, deadline}, send) {
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) throw tooLate(service);
    // One signal for all tries. It outlives this call, so that it also ends a body that is still being read.
    const over = AbortSignal.timeout(Math.ceil(leftMs));
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(over);
      } catch (error) {
        if (over.aborted || !safeToRepeat || attempt >= ATTEMPTS) throw error;
      }
    }
  },
});

function tooLate(service: string): DOMException {
  return new DOMException(`nobody waits for ${service} any more`, 'TimeoutError');
}
