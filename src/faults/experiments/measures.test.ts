import {expect, it} from 'vitest';
import type {RequestLogEntry} from '../../fabric/fabric.ts';
import type {LedgerEntry} from '../../load/load.ts';
import {loadPoints} from './load-points.ts';
import {measureRequests} from './measure-requests.ts';
import {measureSpans} from './measure-spans.ts';
import {judgeSlo} from './slo.ts';

function entry(
  name: string,
  intendedAt: number,
  latencyMs: number,
  outcome: LedgerEntry['outcome'] = 'ok',
): LedgerEntry {
  return {
    id: `${name}-${intendedAt}`,
    name,
    phase: 'load',
    intendedAt,
    outcome,
    status: outcome === 'ok' ? 200 : null,
    latencyMs,
    uncorrectedMs: latencyMs,
    sends: [],
    operation: {request: {method: 'GET', path: '/'}, patienceMs: 2000},
  };
}

const ledger = [
  entry('a', 1000, 10),
  entry('a', 1500, 30),
  entry('b', 1900, 500),
  entry('a', 2000, 0, 'info'),
  entry('b', 2100, 0, 'dropped'),
];

it('sums a load up by the second, over all routes and for each', () => {
  const points = loadPoints(ledger);
  expect(points.map(({route, at, sent, ok, failed, dropped}) => [route, at, sent, ok, failed, dropped])).toEqual([
    ['*', 1000, 3, 3, 0, 0],
    ['a', 1000, 2, 2, 0, 0],
    ['b', 1000, 1, 1, 0, 0],
    ['*', 2000, 1, 0, 1, 1],
    ['a', 2000, 1, 0, 1, 0],
    ['b', 2000, 0, 0, 0, 1],
  ]);
  expect(points[0]?.latencyMs).toEqual({p50: 30, p90: 500, p99: 500, max: 500});
  expect(points[3]?.latencyMs).toBeNull();
});

it('judges an SLO from the ledger, by route and window, and not from nothing', () => {
  const judged = (bounds: object, route?: string, from = 0) =>
    judgeSlo(ledger, {kind: 'slo', route, window: {lastMs: undefined}, bounds}, from);
  expect(judged({availability: 0.6})).toEqual({
    met: true,
    operations: 5,
    availability: 0.6,
    p50: 30,
    p90: 500,
    p99: 500,
    max: 500,
  });
  expect(judged({availability: 0.61})?.met).toBe(false);
  expect(judged({p99: 30}, 'a')?.met).toBe(true);
  expect(judged({p99: 499}, 'b')?.met).toBe(false);
  // Nothing was answered: there is no latency that would keep within a bound.
  expect(judged({p50: 5000}, 'a', 2000)?.met).toBe(false);
  expect(judged({availability: 0}, 'c')).toBeUndefined();
});

it('measures the requests of a link or of one path of it, by route and method', () => {
  const request = (
    at: number,
    path: string,
    status: number | null,
    change: Partial<RequestLogEntry> = {},
  ): RequestLogEntry => ({
    proxy: 'a-1->b-1',
    link: 'a->b',
    from: 'a-1',
    to: 'b-1',
    at,
    method: 'GET',
    path,
    status,
    durationMs: at,
    ...change,
  });
  const log = [
    request(10, '/x?y=1', 200),
    request(20, '/x', 500),
    request(30, '/xy', null),
    request(40, '/z', 404, {method: 'POST', proxy: 'a-2->b-1'}),
    request(50, '/x', 200, {link: 'b->c', proxy: 'b-1->c-1'}),
  ];
  const measured = (measure: 'errors' | 'p50' | 'count' | 'rate', change: object = {}, since = 0) =>
    measureRequests(
      log,
      {
        kind: 'requests',
        link: 'a->b',
        route: undefined,
        method: undefined,
        window: {lastMs: undefined},
        measure,
        ...change,
      },
      {since, now: 2000},
    );
  expect([measured('count'), measured('rate'), measured('errors'), measured('p50')]).toEqual([4, 2, 0.5, 20]);
  expect([
    measured('count', {link: 'a-2->b-1'}),
    measured('count', {route: '/x'}),
    measured('count', {route: '/x*'}),
  ]).toEqual([1, 2, 3]);
  expect([measured('count', {method: 'POST'}), measured('count', {}, 25)]).toEqual([1, 2]);
  expect([measured('errors', {route: '/none'}), measured('p50', {route: '/none'})]).toEqual([null, null]);
});

it('measures spans, and says nothing of none', () => {
  const spans = [10, 20, 30, 400].map(durationMs => ({
    durationMs,
    failure: durationMs === 400 ? 'answered 503' : null,
  }));
  const measured = (measure: 'count' | 'errors' | 'p50' | 'p99') => [
    measureSpans(spans, {measure}),
    measureSpans([], {measure}),
  ];
  expect(measured('count')).toEqual([4, 0]);
  expect(measured('errors')).toEqual([0.25, null]);
  expect(measured('p99')).toEqual([400, null]);
  expect(measured('p50')).toEqual([20, null]);
});
