import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Every request is sent once, and nothing stands between the page and its upstreams: a circuit breaker would be another lab. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  call: async (_request, send) => send(new AbortController().signal),
});
