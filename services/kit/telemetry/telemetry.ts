import {childOf, isRecorded, type TraceContext} from '../trace-context.ts';
import {createExporter, type OtlpTarget} from './exporter.ts';
import {createRequestMetrics} from './request-metrics.ts';
import type {Attributes, OpenSpan, SpanKind, SpanLink} from './span.ts';

/** A request that was answered, or whose caller left before. */
export interface EndedRequest {
  readonly method: string;
  /** The route's template, never its path: there are as many of those as there are accounts. */
  readonly route: string | undefined;
  /** Undefined where the caller left. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

export interface SpanOptions {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: readonly SpanLink[];
}

/** Spans and request metrics of a service. It never blocks and never fails what it looks at. */
export interface Telemetry {
  readonly isOn: boolean;
  /** Whether a trace that begins now is recorded: {@link TRACES_PER_SECOND_MAX} a second are. */
  takesTrace(): boolean;
  /** Begins the span that `trace` itself stands for. Nothing is recorded of a trace whose flags say so. */
  begin(trace: TraceContext, options: SpanOptions): OpenSpan;
  /** Begins a span within `parent`. */
  beginWithin(parent: TraceContext, options: SpanOptions): OpenSpan;
  requestEnded(request: EndedRequest): void;
  /** Sends what is left, within a bound. */
  close(): Promise<void>;
}

export interface TelemetryOptions extends OtlpTarget {
  readonly service: string;
  readonly node: string;
}

/**
 * Traces that may begin in one service in a second. What comes on top runs unrecorded, as a whole: it counts in the metrics. So telemetry
 * costs a service under full load no more than this.
 */
export const TRACES_PER_SECOND_MAX = 100;

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const metrics = createRequestMetrics();
  const exporter = createExporter(options, metrics);
  let second = 0;
  let begun = 0;

  function begin(trace: TraceContext, {name, kind, attributes = {}, links = []}: SpanOptions): OpenSpan {
    if (!isRecorded(trace)) return unrecorded(trace);
    const begin = performance.now();
    let all = attributes;
    let isOver = false;
    return {
      trace,
      set(more) {
        all = {...all, ...more};
      },
      end(failure) {
        if (isOver) return;
        isOver = true;
        exporter.add({
          trace,
          name,
          kind,
          links,
          startedAt: performance.timeOrigin + begin,
          durationMs: performance.now() - begin,
          attributes: all,
          failure: failure === undefined ? undefined : reasonOf(failure),
        });
      },
    };
  }

  return {
    isOn: true,
    takesTrace() {
      const now = Math.floor(performance.now() / 1_000);
      if (now !== second) begun = 0;
      second = now;
      begun += 1;
      return begun <= TRACES_PER_SECOND_MAX;
    },
    begin,
    beginWithin: (parent, what) => (isRecorded(parent) ? begin(childOf(parent), what) : unrecorded(parent)),
    requestEnded(request) {
      metrics.add(request);
      exporter.metricsChanged();
    },
    close: () => exporter.close(),
  };
}

/** Where no endpoint is configured: nothing is kept, nothing is sent. */
export const NO_TELEMETRY: Telemetry = {
  isOn: false,
  takesTrace: () => true,
  begin: unrecorded,
  beginWithin: unrecorded,
  requestEnded: () => undefined,
  close: async () => undefined,
};

function unrecorded(trace: TraceContext): OpenSpan {
  return {trace, set: () => undefined, end: () => undefined};
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
}
