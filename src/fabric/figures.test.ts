import {describe, expect, it} from 'vitest';
import {Exchange} from './http/exchange.ts';
import {LiveWindow} from './live-window.ts';
import {RequestLog} from './request-log.ts';
import {proxySpec} from './testing.ts';

describe('live figures', () => {
  it('are percentiles of the last ten seconds', () => {
    const live = new LiveWindow(0);
    for (let index = 1; index <= 1000; index++) live.add(1_000 + index, index, index > 990);
    const figures = live.figures(5_000);
    expect(figures).toMatchObject({requests: 1000, errors: 10, ratePerSecond: 200});
    expect(Math.abs(figures.p50 / 500 - 1)).toBeLessThan(0.02);
    expect(Math.abs(figures.p99 / 990 - 1)).toBeLessThan(0.02);
    live.add(12_500, 7, false);
    expect(live.figures(12_600)).toMatchObject({requests: 1, errors: 0});
    expect(live.figures(40_000)).toEqual({requests: 0, errors: 0, p50: 0, p99: 0, ratePerSecond: 0});
  });
});

describe('the request log', () => {
  it('keeps the last entries and gives them in pages', () => {
    const request = {method: 'GET', path: '/', idempotencyKey: undefined, traceparent: undefined};
    const log = new RequestLog(100);
    for (let at = 0; at < 250; at++) log.add(new Exchange(at, request), proxySpec({host: '127.0.0.1', port: 1}));
    expect(log.page(0, 0, 1000).entries.map(({at}) => at)).toEqual(
      Array.from({length: 100}, (_, index) => 150 + index),
    );
    expect(log.page(200, 0, 1000).entries).toHaveLength(50);
    const first = log.page(0, 0, 60);
    expect(first.entries).toHaveLength(60);
    expect(first.next).toBe(210);
    expect(log.page(0, first.next ?? 0, 60)).toMatchObject({entries: {length: 40}});
  });
});
