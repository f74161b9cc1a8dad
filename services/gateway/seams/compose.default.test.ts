import {expect, it} from 'vitest';
import {compose} from './compose.default.ts';
import type {UpstreamCall} from './compose.ts';

it('puts the page together from both services, asked at once', async () => {
  const asked: string[] = [];
  const get: UpstreamCall['get'] = async (service, path) => {
    asked.push(`${service} ${path}`);
    await Promise.resolve();
    return path;
  };
  expect(await compose({account: 'a/b', patienceMs: 1_000}, {get})).toEqual({
    account: '/v1/accounts/me',
    activity: '/v1/activity/a%2Fb',
    windows: '/v1/windows?size=10s',
    missing: [],
  });
  expect(asked).toEqual(['identity /v1/accounts/me', 'stream /v1/activity/a%2Fb', 'stream /v1/windows?size=10s']);
});

it('names the parts that failed or did not come within patience', async () => {
  const get: UpstreamCall['get'] = (service, path, options) => {
    if (service === 'identity') return Promise.resolve({id: 'a'});
    if (path.startsWith('/v1/windows')) return Promise.reject(new Error('no'));
    return new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)));
  };
  const began = performance.now();
  const page = await compose({account: 'a', patienceMs: 200}, {get});
  expect(page).toEqual({account: {id: 'a'}, activity: null, windows: null, missing: ['activity', 'windows']});
  expect(performance.now() - began).toBeLessThan(1_000);
});
