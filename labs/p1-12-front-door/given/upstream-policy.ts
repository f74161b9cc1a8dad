import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Every request is sent once, and is waited for as long as its caller waits. Nothing is wrong behind the gateways in this lab. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  call: async ({deadline}, send) => send(AbortSignal.timeout(Math.max(1, Math.floor(deadline - Date.now())))),
});
