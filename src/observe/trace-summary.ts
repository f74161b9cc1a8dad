import type {Span} from './span.ts';

/** A trace in one line. */
export interface TraceSummary {
  readonly id: string;
  /** Name and service of the span that it begins with; of the earliest one where that one is missing. */
  readonly root: string;
  readonly service: string;
  /** Unix ms. */
  readonly startedAt: number;
  /** Of the root span: what its caller has waited. What goes on behind its back is in `untilMs`. */
  readonly durationMs: number;
  /** From the first beginning to the last end. */
  readonly untilMs: number;
  readonly spans: number;
  readonly services: readonly string[];
  /** Spans that failed. */
  readonly errors: number;
}

/** `spans` are all of one trace, at least one. */
export function summarizeTrace(spans: readonly Span[]): TraceSummary {
  const inOrder = spans.toSorted((one, other) => one.startedAt - other.startedAt);
  const root = inOrder.find(({parentId}) => parentId === null) ?? (inOrder[0] as Span);
  const startedAt = inOrder[0]?.startedAt ?? 0;
  return {
    id: root.traceId,
    root: root.name,
    service: root.service,
    startedAt,
    durationMs: root.durationMs,
    untilMs: Math.max(...spans.map(span => span.startedAt + span.durationMs)) - startedAt,
    spans: spans.length,
    services: [...new Set(inOrder.map(({service}) => service))],
    errors: spans.filter(({failure}) => failure !== null).length,
  };
}
