import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Each call has as long as its caller waits; nothing is repeated, and nothing is refused: calls can be counted. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (_service, {clock}) => ({
  call: async ({deadline}, send) => send(AbortSignal.timeout(Math.max(1, Math.ceil(deadline - clock.now())))),
});
