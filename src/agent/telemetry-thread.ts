import type {Losses} from '../observe/losses.ts';
import {createMetricStore} from '../observe/metric-store.ts';
import {MalformedOtlpError} from '../observe/otlp-json.ts';
import {readMetrics} from '../observe/read-metrics.ts';
import {readSpans} from '../observe/read-spans.ts';
import {createTraceStore} from '../observe/trace-store.ts';
import {serveThread} from './serve-thread.ts';
import type {TelemetryThread} from './telemetry-port.ts';

// Telemetry has a thread of its own: however much of it comes, links, load and the controller go on as ever.
serveThread(() => {
  const traces = createTraceStore();
  const metrics = createMetricStore();
  const losses = (): Losses => ({
    unsentSpans: metrics.losses.spans,
    evictedSpans: traces.size.evicted,
    refusedSeries: metrics.losses.series,
  });
  const handlers: TelemetryThread = {
    take: async (signal, body) => {
      try {
        if (signal === 'traces') traces.add(readSpans(body));
        else metrics.add(readMetrics(body), Date.now());
        return null;
      } catch (error) {
        if (error instanceof MalformedOtlpError) return error.message;
        throw error;
      }
    },
    traces: async filter => ({traces: traces.list(filter), losses: losses()}),
    trace: async prefix => traces.find(prefix),
    metrics: async windowMs => ({routes: metrics.routes(windowMs, Date.now()), losses: losses()}),
    spans: async filter => traces.spans(filter),
  };
  return {...handlers};
});
