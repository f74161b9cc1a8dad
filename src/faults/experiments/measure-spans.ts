import type {Span} from '../../observe/span.ts';
import type {LabProbe} from './experiment.ts';
import {percentiles} from './slo.ts';

type TraceProbe = Extract<LabProbe, {kind: 'trace'}>;

/** Measures spans: their count, the share of those that failed, or how long they took, ms. Null: there was none to measure. */
export function measureSpans(
  spans: readonly Pick<Span, 'durationMs' | 'failure'>[],
  {measure}: Pick<TraceProbe, 'measure'>,
): number | null {
  if (measure === 'count') return spans.length;
  if (spans.length === 0) return null;
  if (measure === 'errors') return spans.filter(({failure}) => failure !== null).length / spans.length;
  return percentiles(spans.map(({durationMs}) => durationMs))[measure];
}
