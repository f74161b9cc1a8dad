import {type Collector, createCollector} from '../observe/collector.ts';
import type {Losses} from '../observe/losses.ts';
import {createMetricStore} from '../observe/metric-store.ts';
import {MalformedOtlpError} from '../observe/otlp-json.ts';
import {readMetrics} from '../observe/read-metrics.ts';
import {readSpans} from '../observe/read-spans.ts';
import {startReceiver} from '../observe/receiver.ts';
import {createTraceStore} from '../observe/trace-store.ts';
import {serveThread} from './serve-thread.ts';
import type {TelemetryThread} from './telemetry-port.ts';
import {threadSettings} from './thread-settings.ts';

// Telemetry has a thread of its own: however much of it comes, links, load and the controller go on as ever.
serveThread(() => {
  const traces = createTraceStore();
  const metrics = createMetricStore();
  let collector: Collector | undefined;
  const losses = (): Losses => ({
    unsentSpans: metrics.losses.spans,
    evictedSpans: traces.size.evicted,
    refusedSeries: metrics.losses.series,
    refusedByCollector: collector?.refused ?? 0,
  });
  const take: TelemetryThread['take'] = async (signal, body) => {
    try {
      if (signal === 'traces') traces.add(readSpans(body));
      else metrics.add(readMetrics(body), Date.now());
    } catch (error) {
      if (error instanceof MalformedOtlpError) return error.message;
      throw error;
    }
    collector?.send(signal, body);
    return null;
  };
  const {receiver} = threadSettings();
  // A port that is taken ends the thread, and the agent with it: in a container of its own there is nobody who could have it.
  if (receiver !== undefined)
    void startReceiver({...receiver, take: async (signal, body) => (await take(signal, body)) ?? undefined});
  const handlers: TelemetryThread = {
    take,
    forwardTo: async target => {
      collector = target === null ? undefined : createCollector(target);
    },
    traces: async filter => ({traces: traces.list(filter), losses: losses()}),
    trace: async prefix => traces.find(prefix),
    metrics: async windowMs => ({routes: metrics.routes(windowMs, Date.now()), losses: losses()}),
    spans: async filter => traces.spans(filter),
  };
  return {...handlers};
});
