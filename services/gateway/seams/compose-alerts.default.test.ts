import {expect, it} from 'vitest';
import type {UpstreamCall} from './compose.ts';
import {composeAlerts} from './compose-alerts.default.ts';

const REQUEST = {limit: 50, cursor: undefined, patienceMs: 1_000};
const ALERTS = ['b', 'a', 'gone'].map(account => ({account, failures: 5, first: 'then', last: 'now'}));

it('asks twice, however many alerts there are, and keeps their order', async () => {
  const asked: string[] = [];
  const page = await composeAlerts(
    {...REQUEST, cursor: 'a b'},
    {
      get: async (service, path) => {
        asked.push(`${service} ${path}`);
        if (service === 'stream') return {items: ALERTS, next: 'more'};
        return {items: ['a', 'b'].map(id => ({id, name: id.toUpperCase()}))};
      },
    },
  );
  expect(page.items.map(({account, name}) => [account, name])).toEqual([
    ['b', 'B'],
    ['a', 'A'],
    ['gone', null],
  ]);
  expect(page).toMatchObject({next: 'more', missing: []});
  expect(asked).toEqual(['stream /v1/sign-in-alerts?limit=50&cursor=a+b', 'identity /v1/accounts?id=b&id=a&id=gone']);
});

it('asks nobody for the names of nobody', async () => {
  const asked: string[] = [];
  const get: UpstreamCall['get'] = async service => {
    asked.push(service);
    return {items: [], next: null};
  };
  expect(await composeAlerts(REQUEST, {get})).toEqual({items: [], next: null, missing: []});
  expect(asked).toEqual(['stream']);
});

it('shows the alerts without names, and says so, when identity refuses, or does not answer while the caller waits', async () => {
  for (const identity of [refusing, silent]) {
    const began = performance.now();
    const get: UpstreamCall['get'] = async (service, path, options) =>
      service === 'stream' ? {items: ALERTS, next: null} : identity(service, path, options);
    const page = await composeAlerts({...REQUEST, patienceMs: 200}, {get});
    expect(page.items).toEqual(ALERTS.map(alert => ({...alert, name: null})));
    expect(page.missing).toEqual(['names']);
    expect(performance.now() - began).toBeLessThan(1_000);
  }
});

it('is no page without alerts', async () => {
  await expect(composeAlerts(REQUEST, {get: refusing})).rejects.toThrow('refused');
});

const refusing: UpstreamCall['get'] = () => Promise.reject(new Error('refused'));
const silent: UpstreamCall['get'] = (_service, _path, options) =>
  new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)));
