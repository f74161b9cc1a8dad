import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const STREAM_MS = 1_200;
const OTHERS_MS = 10_000;

/** One attempt, cut off after a while; who reports activity tries again. Breakers and retries are for other labs. */
export const createUpstreamPolicy: CreateUpstreamPolicy = service => ({
  call: async (_request, send) => send(AbortSignal.timeout(service === 'stream' ? STREAM_MS : OTHERS_MS)),
});
