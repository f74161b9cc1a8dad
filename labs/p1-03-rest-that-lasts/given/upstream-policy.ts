import type {CreateUpstreamPolicy} from 'teralab/gateway/seams/upstream-policy';

/** Sends each request once, and remembers nothing: five answers in a row that got lost by chance are no reason to refuse those behind them. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (_service, {clock}) => ({
  call: async ({deadline}, send) => send(AbortSignal.timeout(Math.max(1, Math.ceil(deadline - clock.now())))),
});
