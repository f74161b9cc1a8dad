import type {Signal} from './receiver.ts';

/** Another collector, which is sent what services send, as it came: OTLP/HTTP as JSON. */
export interface CollectorTarget {
  /** Without `/v1/traces`. */
  readonly endpoint: string;
}

export interface Collector {
  readonly target: CollectorTarget;
  /** Never waits and never fails. */
  send(signal: Signal, body: Uint8Array): void;
  /** Bodies that it did not take, or that came while it had too many in hand. */
  readonly refused: number;
}

/** Bodies under way to it at once: a collector that is away must not become the memory of the lab. */
const BODIES_MAX = 16;
const ANSWER_WITHIN_MS = 5_000;

export function createCollector(target: CollectorTarget): Collector {
  const base = target.endpoint.replace(/\/+$/, '');
  let underWay = 0;
  let refused = 0;

  async function post(signal: Signal, body: Uint8Array): Promise<void> {
    try {
      const answer = await fetch(`${base}/v1/${signal}`, {
        method: 'POST',
        headers: {'content-type': 'application/json'},
        body,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await answer.arrayBuffer();
      if (!answer.ok) refused += 1;
    } catch {
      refused += 1;
    }
  }

  return {
    target,
    send(signal, body) {
      if (underWay >= BODIES_MAX) {
        refused += 1;
        return;
      }
      underWay += 1;
      void post(signal, body).finally(() => {
        underWay -= 1;
      });
    },
    get refused() {
      return refused;
    },
  };
}
