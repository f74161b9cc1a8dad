import {expect, it} from 'vitest';
import {parseLogLine} from './log-line.ts';

it('reads lines of services, Postgres and NATS, and leaves others as they are', () => {
  expect(parseLogLine('a-1', '{"level":40,"time":1700000000000,"msg":"slow","ms":7}')).toEqual({
    node: 'a-1',
    time: 1_700_000_000_000,
    level: 'warn',
    message: 'slow',
    facts: {ms: 7},
  });
  expect(parseLogLine('a-db', '2026-01-02 03:04:05.678 UTC [7] ERROR:  no such thing')).toMatchObject({
    time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    level: 'error',
    message: 'no such thing',
  });
  expect(parseLogLine('broker', '[15914] 2026/01/02 03:04:05.678901 [WRN] slow consumer')).toMatchObject({
    time: new Date(2026, 0, 2, 3, 4, 5, 678).getTime(),
    level: 'warn',
    message: 'slow consumer',
  });
  expect(parseLogLine('broker', '[INF] bare')).toMatchObject({time: null, level: null, message: '[INF] bare'});
});
