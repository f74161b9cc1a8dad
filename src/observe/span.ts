export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];
export type AttributeValue = string | number | boolean;

/** A span as it came, of whatever service. */
export interface Span {
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  readonly service: string;
  /** The instance. */
  readonly node: string;
  /** Unix ms with fractions. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Why it failed; null where it has not. */
  readonly failure: string | null;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly links: readonly {readonly traceId: string; readonly spanId: string}[];
}
