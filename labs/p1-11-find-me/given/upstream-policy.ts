import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Discovery is asked once for each request, and has this long. Nothing here tries again: that would hide whom it has asked. */
const WITHIN_MS = 2_500;

export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  call: async (_request, send) => send(AbortSignal.timeout(WITHIN_MS)),
});
