import {randomBytes} from 'node:crypto';
import {type ResourceLimits, Worker} from 'node:worker_threads';
import {LabError} from '../errors.ts';
import type {CollectorTarget} from '../observe/collector.ts';
import type {Losses} from '../observe/losses.ts';
import {startReceiver} from '../observe/receiver.ts';
import {workerChannel} from './channel.ts';
import {type AgentConnection, connect} from './connect.ts';
import type {TelemetryQueries, TelemetryThread} from './telemetry-port.ts';

/** Takes the telemetry of services and answers what was asked of it. */
export interface AgentTelemetry extends TelemetryQueries {
  /** What the environment of a service needs, so that it sends. */
  environment(): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

const LIMITS: ResourceLimits = {maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256};
const NO_LOSSES: Losses = {unsentSpans: 0, evictedSpans: 0, refusedSeries: 0, refusedByCollector: 0};

/**
 * Listens at once; bodies are read and kept by a thread that the first one starts, so that a system that nobody uses is spared it. When
 * that thread ends (it ran out of memory), the next body starts another one, with an empty store.
 */
export function openTelemetry(entry: URL): AgentTelemetry {
  const token = randomBytes(24).toString('hex');
  let thread: AgentConnection<TelemetryThread> | undefined;
  let collector: CollectorTarget | null = null;
  let isStopped = false;

  function open(): AgentConnection<TelemetryThread> {
    if (isStopped) throw new LabError('NODE_GONE', 'The telemetry thread has ended: the agent was stopped.');
    if (thread !== undefined) return thread;
    const worker = new Worker(entry, {name: 'telemetry', resourceLimits: LIMITS});
    const opened = connect<TelemetryThread>(workerChannel(worker), 'telemetry thread');
    thread = opened;
    if (collector !== null) void opened.call('forwardTo', collector).catch(() => undefined);
    void opened.gone.then(() => {
      if (thread === opened) thread = undefined;
    });
    return opened;
  }

  const receiver = startReceiver({
    token,
    take: async (signal, body) => (await open().call('take', signal, body)) ?? undefined,
  });
  // Whoever asks for the environment learns of it.
  receiver.catch(() => undefined);

  return {
    environment: async () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: (await receiver).endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
    }),
    async forwardTo(target) {
      collector = target;
      await thread?.call('forwardTo', target);
    },
    traces: async filter => (await thread?.call('traces', filter)) ?? {traces: [], losses: NO_LOSSES},
    trace: async prefix => (await thread?.call('trace', prefix)) ?? [],
    metrics: async windowMs => (await thread?.call('metrics', windowMs)) ?? {routes: [], losses: NO_LOSSES},
    spans: async filter => (await thread?.call('spans', filter)) ?? [],
    async stop() {
      isStopped = true;
      await Promise.all([receiver.then(({close}) => close()).catch(() => undefined), thread?.terminate()]);
    },
  };
}
