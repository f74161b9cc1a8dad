import {describe, expect, it} from 'vitest';
import {someSpan, spanId, traceId} from './testing.ts';
import {createTraceStore, SPANS_PER_TRACE_MAX, STORE_BYTES_MAX, TRACES_MAX} from './trace-store.ts';

describe('the store of traces', () => {
  it('stays within its bounds under a flood of traces, and keeps the latest', () => {
    const store = createTraceStore();
    for (let number = 1; number <= TRACES_MAX * 3; number += 1)
      store.add([someSpan(number, {traceId: traceId(number), startedAt: number})]);
    expect(store.size).toMatchObject({traces: TRACES_MAX, spans: TRACES_MAX, evicted: TRACES_MAX * 2});
    expect(store.list({limit: 1})[0]?.id).toBe(traceId(TRACES_MAX * 3));
    expect(store.find(traceId(1))).toEqual([]);
  });

  it('stays within its bytes when spans are as large as they can be', () => {
    const store = createTraceStore();
    const attributes = Object.fromEntries(Array.from({length: 32}, (_, index) => [`key-${index}`, 'x'.repeat(512)]));
    for (let number = 1; number <= 3_000; number += 1)
      store.add([someSpan(number, {traceId: traceId(number % 1_500), attributes})]);
    expect(store.size.bytes).toBeLessThanOrEqual(STORE_BYTES_MAX);
    expect(store.size.spans).toBeGreaterThan(0);
  });

  it('stays within its bounds when all spans are of one trace, or are the same one', () => {
    const store = createTraceStore();
    for (let number = 1; number <= SPANS_PER_TRACE_MAX * 2; number += 1) store.add([someSpan(number), someSpan(1)]);
    expect(store.size).toMatchObject({spans: SPANS_PER_TRACE_MAX, evicted: SPANS_PER_TRACE_MAX});
  });

  it('finds traces by service, failure and duration', () => {
    const store = createTraceStore();
    store.add([someSpan(1), someSpan(2, {parentId: spanId(1), service: 'stream', failure: 'x'})]);
    store.add([someSpan(3, {traceId: traceId(2), durationMs: 500})]);
    const ids = (filter: object): readonly string[] => store.list({limit: 9, ...filter}).map(({id}) => id);
    expect(ids({}).length).toBe(2);
    expect(ids({service: 'stream'})).toEqual([traceId(1)]);
    expect(ids({errors: true})).toEqual([traceId(1)]);
    expect(ids({slowMs: 200})).toEqual([traceId(2)]);
  });

  it('shows a batch below each of the messages that it was for', () => {
    const store = createTraceStore();
    store.add([
      someSpan(1, {traceId: traceId(1), attributes: {'teralab.batch': traceId(9)}}),
      someSpan(2, {traceId: traceId(2), attributes: {'teralab.batch': traceId(9)}}),
      someSpan(3, {
        traceId: traceId(9),
        links: [
          {traceId: traceId(1), spanId: spanId(1)},
          {traceId: traceId(2), spanId: spanId(2)},
        ],
      }),
      someSpan(4, {traceId: traceId(9), parentId: spanId(3)}),
    ]);
    for (const number of [1, 2])
      expect(store.find(traceId(number))[0]?.tree.map(({id, depth}) => [id, depth])).toEqual([
        [spanId(number), 0],
        [spanId(3), 1],
        [spanId(4), 2],
      ]);
  });
});

describe('the tree of a trace', () => {
  it('puts children below their parents in order, with what a span did itself', () => {
    const store = createTraceStore();
    store.add([
      someSpan(3, {parentId: spanId(1), startedAt: 5, durationMs: 20}),
      someSpan(2, {parentId: spanId(1), startedAt: 1, durationMs: 6}),
      someSpan(4, {parentId: spanId(3), startedAt: 6, durationMs: 1}),
      someSpan(1, {durationMs: 12}),
      someSpan(5, {parentId: spanId(99), startedAt: 30}),
    ]);
    const [trace] = store.find(traceId(1));
    expect(trace?.tree.map(({id, depth, selfMs, orphan}) => [id, depth, selfMs, orphan])).toEqual([
      [spanId(1), 0, 1, false],
      [spanId(2), 1, 6, false],
      [spanId(3), 1, 19, false],
      [spanId(4), 2, 1, false],
      [spanId(5), 0, 10, true],
    ]);
    expect(trace).toMatchObject({root: 'span 1', durationMs: 12, untilMs: 40});
  });

  it('has every span once, also when parents go round in a circle', () => {
    const store = createTraceStore();
    store.add([
      someSpan(1, {parentId: spanId(2)}),
      someSpan(2, {parentId: spanId(1)}),
      someSpan(3, {parentId: spanId(3)}),
    ]);
    expect(store.find(traceId(1))[0]?.tree).toHaveLength(3);
  });
});
