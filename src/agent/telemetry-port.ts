import type {CollectorTarget} from '../observe/collector.ts';
import type {Losses} from '../observe/losses.ts';
import type {RouteMetrics} from '../observe/metric-store.ts';
import type {Signal} from '../observe/receiver.ts';
import type {Span} from '../observe/span.ts';
import type {SpanFilter, TraceFilter} from '../observe/trace-store.ts';
import type {TraceSummary} from '../observe/trace-summary.ts';
import type {TraceTree} from '../observe/trace-tree.ts';

/** What can be asked of the traces and metrics of a system. */
export interface TelemetryQueries {
  traces(filter: TraceFilter): Promise<{readonly traces: readonly TraceSummary[]; readonly losses: Losses}>;
  /** Traces whose id begins so, two at most. */
  trace(prefix: string): Promise<readonly TraceTree[]>;
  /** Null: since the services have started. */
  metrics(windowMs: number | null): Promise<{readonly routes: readonly RouteMetrics[]; readonly losses: Losses}>;
  spans(filter: SpanFilter): Promise<readonly Span[]>;
  /** Sends what is taken on to another collector as well, from now on; null: to none. */
  forwardTo(target: CollectorTarget | null): Promise<void>;
}

/** The store as it crosses a thread. */
export interface TelemetryThread extends TelemetryQueries {
  /** What is wrong with the body; null where it was taken. */
  take(signal: Signal, body: Uint8Array): Promise<string | null>;
}
