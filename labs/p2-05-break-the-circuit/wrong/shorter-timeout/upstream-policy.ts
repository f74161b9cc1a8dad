import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** A short timeout keeps the sockets free. Every request still waits for it, and the hung upstream still gets every request. */
export const createUpstreamPolicy: CreateUpstreamPolicy = () => ({
  async call(_request, send) {
    return send(AbortSignal.timeout(300));
  },
});
