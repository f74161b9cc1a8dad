import type {CreateUpstreamPolicy, Refusal} from 'teralab/gateway/seams/upstream-policy';

const TIMEOUT_MS = 400;
const FAILURES_TO_OPEN = 5;
const OPEN_FOR_MS = 60_000;

/** A breaker that stays open for a minute: nobody calls a sick upstream, nor one that has recovered. */
export const createUpstreamPolicy: CreateUpstreamPolicy = (service, {clock}) => {
  let failuresInARow = 0;
  let nextProbeAt = 0;
  let probing = false;

  function failed(): void {
    failuresInARow += 1;
    if (failuresInARow >= FAILURES_TO_OPEN) nextProbeAt = clock.monotonic() + OPEN_FOR_MS;
  }

  return {
    async call(_request, send) {
      const isOpen = failuresInARow >= FAILURES_TO_OPEN;
      if (isOpen && (probing || clock.monotonic() < nextProbeAt)) throw refusal(service);
      probing = isOpen;
      try {
        const answer = await send(AbortSignal.timeout(TIMEOUT_MS));
        if (answer.status >= 500) failed();
        else failuresInARow = 0;
        return answer;
      } catch (error) {
        failed();
        throw error;
      } finally {
        if (isOpen) probing = false;
      }
    },
  };
};

function refusal(service: string): Refusal {
  return {refused: `${service} does not answer at the moment`, retryAfterSeconds: 2};
}
