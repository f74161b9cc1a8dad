import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Waits as long as the caller and refuses nothing: whoever waits behind a lock is to be seen waiting. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (_service, {clock}) => ({
  call: async ({deadline}, send) => send(AbortSignal.timeout(Math.max(1, Math.ceil(deadline - clock.now())))),
});
