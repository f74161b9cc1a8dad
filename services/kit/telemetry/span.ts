import type {TraceContext} from '../trace-context.ts';

/** OTLP's numbers for what a span stands for. */
export const SPAN_KINDS = {internal: 1, server: 2, client: 3, producer: 4, consumer: 5} as const;
export type SpanKind = keyof typeof SPAN_KINDS;

export type AttributeValue = string | number | boolean;
/** Attributes that are undefined are left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** A span of another trace, or another part of this one, that has to do with it. */
export type SpanLink = Pick<TraceContext, 'traceId' | 'spanId'>;

/** A piece of work that is over. */
export interface FinishedSpan {
  readonly trace: TraceContext;
  readonly name: string;
  readonly kind: SpanKind;
  /** Unix ms with fractions, by the machine's clock also where the service's own is skewed: spans are the lab's instrument. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly links: readonly SpanLink[];
  /** Why it failed; undefined where it has not. */
  readonly failure: string | undefined;
}

/** Work under way. */
export interface OpenSpan {
  /** Where in the trace it is; the parent of what it calls. */
  readonly trace: TraceContext;
  set(attributes: Attributes): void;
  /** Ends it, as a failure where a reason is given. Only the first call counts. */
  end(failure?: unknown): void;
}
