import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Each request once, and no memory of those before: what a release does is seen, and not what the gateway makes of it. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  call: (_request, send) => send(AbortSignal.timeout(3_000)),
});
