import {describe, expect, it} from 'vitest';
import {createMetricStore, quantile, SERIES_MAX, STEP_MS} from './metric-store.ts';
import type {RequestPoint} from './read-metrics.ts';

const point = (change: Partial<RequestPoint> = {}): RequestPoint => ({
  service: 'gateway',
  node: 'gateway-1',
  method: 'GET',
  route: '/a',
  status: 200,
  startedAt: 0,
  count: 10,
  sumMs: 50,
  boundsMs: [5, 10],
  buckets: [5, 5, 0],
  ...change,
});

describe('the store of metrics', () => {
  it('adds up what has grown, over a restart of the service and over replicas', () => {
    const store = createMetricStore();
    store.add({requests: [point()], dropped: []}, 1_000);
    store.add({requests: [point({count: 20, sumMs: 100, buckets: [10, 10, 0]})], dropped: []}, 2_000);
    store.add({requests: [point({startedAt: 5, count: 3, sumMs: 3, buckets: [3, 0, 0]})], dropped: []}, 3_000);
    store.add({requests: [point({node: 'gateway-2', status: 503, count: 1, buckets: [0, 0, 1]})], dropped: []}, 4_000);
    expect(store.routes(null, 10_000)).toMatchObject([
      {requests: 24, ratePerSecond: 2.4, errors: 1, latencyMs: {p50: 4.615, p99: 10}},
    ]);
  });

  it('looks back over a window', () => {
    const store = createMetricStore();
    store.add({requests: [point()], dropped: []}, 0);
    store.add({requests: [point({count: 12, buckets: [7, 5, 0]})], dropped: []}, STEP_MS * 10);
    expect(store.routes(STEP_MS * 2, STEP_MS * 10)).toMatchObject([{requests: 2}]);
    expect(store.routes(STEP_MS * 2, STEP_MS * 50)).toEqual([]);
  });

  it('keeps no more series than its bound, and counts losses', () => {
    const store = createMetricStore();
    for (let number = 0; number < SERIES_MAX * 2; number += 1)
      store.add({requests: [point({route: `/${number}`})], dropped: []}, 0);
    store.add({requests: [], dropped: [{node: 'a', startedAt: 1, count: 5}]}, 0);
    store.add({requests: [], dropped: [{node: 'a', startedAt: 2, count: 2}]}, 0);
    expect(store.routes(null, 1_000)).toHaveLength(SERIES_MAX);
    expect(store.losses).toEqual({spans: 7, series: SERIES_MAX});
  });
});

it('estimates a quantile within its bucket', () => {
  expect(quantile([10, 20], [0, 4, 0], 0.5)).toBe(15);
  expect(quantile([10, 20], [0, 0, 4], 0.5)).toBe(20);
  expect(quantile([10], [0, 0], 0.5)).toBe(10);
});
