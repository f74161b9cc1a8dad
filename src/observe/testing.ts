import type {Span} from './span.ts';

/** Ids of the right lengths from small numbers. */
export const traceId = (number: number): string => number.toString(16).padStart(32, '0');
export const spanId = (number: number): string => number.toString(16).padStart(16, '0');

/** A span of 10 ms at time 0, but for what is said. */
export function someSpan(number: number, change: Partial<Span> = {}): Span {
  return {
    traceId: traceId(1),
    id: spanId(number),
    parentId: null,
    name: `span ${number}`,
    kind: 'internal',
    service: 'gateway',
    node: 'gateway-1',
    startedAt: 0,
    durationMs: 10,
    failure: null,
    attributes: {},
    links: [],
    ...change,
  };
}
