import {describe, expect, it} from 'vitest';
import type {RequestLogEntry} from '../../fabric/fabric.ts';
import {brokenByLearner, telling} from './blame.ts';

const request = (from: string, to: string, status: number | null): RequestLogEntry => ({
  proxy: `${from}->${to}`,
  link: `${from}->${to}`.replaceAll('-1', ''),
  from,
  to,
  at: 0,
  method: 'GET',
  path: '/v1/dashboard',
  status,
  durationMs: 1,
});
const calm = false;
const busy = true;
const gateway = [{service: 'gateway', nodes: ['gateway-1']}];
const times = <T>(count: number, value: T): T[] => Array.from({length: count}, () => value);

describe('blaming the code of the learner', () => {
  it('needs more than half of the requests to fail', () => {
    const half = [...times(5, request('client', 'gateway-1', 500)), ...times(5, request('client', 'gateway-1', 200))];
    expect(brokenByLearner(gateway, half, [], calm)).toBeUndefined();
    const more = [...half, request('client', 'gateway-1', null)];
    expect(brokenByLearner(gateway, more, [], calm)).toMatchObject({
      node: 'gateway-1',
      observed: 'gateway failed 6 of 11 requests although nothing disturbed it (GET /v1/dashboard: 500)',
    });
  });

  it('does not happen while what the service asks fails itself', () => {
    const requests = [
      ...times(4, request('client', 'gateway-1', 503)),
      ...times(4, request('gateway-1', 'identity-1', 500)),
    ];
    expect(brokenByLearner(gateway, requests, [], calm)).toBeUndefined();
  });

  it('happens when it does not wait for what it asks, on a calm machine', () => {
    const asked = times(4, request('client', 'gateway-1', 503));
    const hungUp = (abandonedMs: number) => times(4, {...request('gateway-1', 'identity-1', null), abandonedMs});
    expect(brokenByLearner(gateway, [...asked, ...hungUp(5)], [], calm)).toMatchObject({service: 'gateway'});
    expect(brokenByLearner(gateway, [...asked, ...hungUp(5)], [], busy)).toBeUndefined();
    expect(brokenByLearner(gateway, [...asked, ...hungUp(2_000)], [], calm)).toBeUndefined();
  });

  it('does not happen for refusals, nor for another service', () => {
    expect(brokenByLearner(gateway, times(4, request('client', 'gateway-1', 404)), [], calm)).toBeUndefined();
    expect(brokenByLearner(gateway, times(4, request('gateway-1', 'identity-1', 500)), [], calm)).toBeUndefined();
  });

  it('happens when its process ended although nothing disturbed it', () => {
    const events = [
      {at: 1, node: 'gateway-1', type: 'exit-called' as const, detail: 'process.exit(1) at compose.ts:3'},
    ];
    expect(brokenByLearner(gateway, [], events, calm)?.observed).toBe(
      'gateway-1 ended although nothing disturbed it: process.exit(1) at compose.ts:3',
    );
    expect(brokenByLearner([{service: 'identity', nodes: ['identity-1']}], [], events, calm)).toBeUndefined();
  });

  it('does not happen on a busy machine for what came too late', () => {
    const late = [504, 503, 502, null].map(status => request('client', 'gateway-1', status));
    expect(brokenByLearner(gateway, late, [], busy)).toBeUndefined();
    expect(brokenByLearner(gateway, late, [], calm)).toMatchObject({service: 'gateway'});
  });

  it('happens on a busy machine too for errors of its own, and when its process ended', () => {
    const requests = [...times(3, request('client', 'gateway-1', 500)), request('client', 'gateway-1', null)];
    expect(brokenByLearner(gateway, requests, [], busy)?.observed).toContain('failed 3 of 4 requests');
    const events = [{at: 1, node: 'gateway-1', type: 'unresponsive' as const, detail: 'liveness failed 3 times'}];
    expect(brokenByLearner(gateway, [], events, busy)?.observed).toContain('ended although nothing disturbed it');
  });

  it('does not happen for a node that gave no sign of life while one without code of the learner gave none either', () => {
    const event = {at: 1, type: 'unresponsive' as const, detail: 'liveness failed 3 times in a row'};
    const both = ['gateway-1', 'stream-1'].flatMap(node => [
      {...event, node},
      {...event, node, type: 'exited' as const, detail: 'killed'},
    ]);
    expect(brokenByLearner(gateway, [], both, busy)).toBeUndefined();
    const ended = {...event, node: 'gateway-1', type: 'exit-called' as const};
    expect(brokenByLearner(gateway, [], [...both, ended], busy)).toMatchObject({node: 'gateway-1'});
  });

  it('shows the errors of a log first, or its end', () => {
    expect(telling(['{"level":30}', '{"level":50,"msg":"boom"}', 'TypeError: x'])).toEqual([
      '{"level":50,"msg":"boom"}',
      'TypeError: x',
    ]);
    expect(telling(times(50, 'fine'))).toHaveLength(6);
    expect(telling(['x'.repeat(900)])[0]).toHaveLength(400);
  });
});
