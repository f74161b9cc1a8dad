import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const TIMEOUT_MS = 4_000;

/** Every request gets its chance, and four seconds for it. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  async call(_request, send) {
    return send(AbortSignal.timeout(TIMEOUT_MS));
  },
});
