import {Agent, request} from 'node:http';
import {Agent as SecureAgent, request as secureRequest} from 'node:https';
import {encodeMetrics, encodeSpans, type Source} from './encode.ts';
import type {RequestMetrics} from './request-metrics.ts';
import type {FinishedSpan} from './span.ts';

/** Where OTLP/HTTP is taken, as JSON: `<endpoint>/v1/traces` and `<endpoint>/v1/metrics`. */
export interface OtlpTarget {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Spans that wait at most; what comes on top is dropped, and counted. */
export const QUEUE_MAX = 2_048;
const BATCH_MAX = 512;
const SPANS_EVERY_MS = 250;
const METRICS_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;
const CLOSE_WITHIN_MS = 500;

export interface Exporter {
  add(span: FinishedSpan): void;
  metricsChanged(): void;
  /** Sends what is left, for half a second at most. */
  close(): Promise<void>;
}

/**
 * Sends spans and metrics in the background, one batch at a time. A batch that is not taken is dropped: a collector that is away must not
 * become the memory of its services. Nothing is scheduled while there is nothing to send.
 */
export function createExporter(options: Source & OtlpTarget, metrics: RequestMetrics): Exporter {
  const post = createPost(options);
  const startedAt = performance.timeOrigin + performance.now();
  let queue: FinishedSpan[] = [];
  let dropped = 0;
  let spansTimer: NodeJS.Timeout | undefined;
  let metricsTimer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function schedule(): void {
    spansTimer ??= setTimeout(() => {
      spansTimer = undefined;
      void sendAll();
    }, SPANS_EVERY_MS).unref();
  }

  function sendAll(): Promise<void> {
    sending ??= drain().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH_MAX);
      queue = queue.slice(BATCH_MAX);
      if (await post('/v1/traces', () => encodeSpans(options, batch))) continue;
      dropped += batch.length;
      metricsChanged();
    }
  }

  async function sendMetrics(): Promise<void> {
    await post('/v1/metrics', () => encodeMetrics(options, {series: metrics.all(), dropped, startedAt}));
  }

  /** The metrics last: they tell how many spans were not taken. */
  async function sendRest(): Promise<void> {
    await sendAll();
    if (metricsTimer === undefined) return;
    clearTimeout(metricsTimer);
    await sendMetrics();
  }

  function metricsChanged(): void {
    metricsTimer ??= setTimeout(() => {
      metricsTimer = undefined;
      void sendMetrics();
    }, METRICS_EVERY_MS).unref();
  }

  return {
    add(span) {
      if (queue.length >= QUEUE_MAX) {
        dropped += 1;
        metricsChanged();
        return;
      }
      queue.push(span);
      schedule();
    },
    metricsChanged,
    async close() {
      clearTimeout(spansTimer);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, CLOSE_WITHIN_MS);
      });
      await Promise.race([sendRest(), late]);
      clearTimeout(timer);
    },
  };
}

/** Posts a document over one kept-alive connection. Settles with whether it was taken; never rejects. */
function createPost({endpoint, headers}: OtlpTarget): (path: string, document: () => unknown) => Promise<boolean> {
  const base = endpoint.replace(/\/+$/, '');
  const isSecure = base.startsWith('https:');
  const agent = new (isSecure ? SecureAgent : Agent)({keepAlive: true, maxSockets: 1});
  const send = isSecure ? secureRequest : request;
  return (path, document) =>
    new Promise(resolve => {
      try {
        const body = Buffer.from(JSON.stringify(document()));
        const length = {'content-type': 'application/json', 'content-length': body.length};
        const outgoing = send(
          `${base}${path}`,
          {method: 'POST', agent, headers: {...headers, ...length}, timeout: ANSWER_WITHIN_MS},
          answer => {
            answer.resume();
            resolve((answer.statusCode ?? 500) < 300);
          },
        );
        outgoing.once('timeout', () => outgoing.destroy());
        outgoing.on('error', () => resolve(false));
        outgoing.once('close', () => resolve(false));
        outgoing.end(body);
      } catch {
        resolve(false);
      }
    });
}
