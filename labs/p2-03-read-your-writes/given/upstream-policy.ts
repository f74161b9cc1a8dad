import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

const ATTEMPT_MS = 8_000;

/** One attempt, for longer than any client waits here. Breakers and retries are for other labs. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  call: async (_request, send) => send(AbortSignal.timeout(ATTEMPT_MS)),
});
