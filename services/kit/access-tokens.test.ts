import {expect, it} from 'vitest';
import {accessTokens} from './access-tokens.ts';
import type {AuthRequest} from './auth.ts';

const SILENT = {log: {debug: drop, info: drop, warn: drop, error: drop, fatal: drop}};

it('takes the account that the seam tells, and shows it the whole request', async () => {
  const seen: AuthRequest[] = [];
  const tokens = accessTokens(
    {
      async authenticate(request) {
        seen.push(request);
        return {account: 'account-1'};
      },
    },
    SILENT,
  );
  const headers = {authorization: 'Bearer a.b.c', 'x-user-id': 'account-2'};
  expect(await tokens.account({method: 'GET', url: '/v1/x?y=1', headers})).toBe('account-1');
  expect(await tokens.account({method: 'GET', url: '/v1/x', headers: {}})).toBe('account-1');
  expect(seen).toEqual([
    {method: 'GET', path: '/v1/x?y=1', headers, token: 'a.b.c'},
    {method: 'GET', path: '/v1/x', headers: {}, token: undefined},
  ]);
});

it.each([
  ['401 to what is refused', async () => ({refused: 'No.'}), 401],
  ['503 when it cannot be told', () => Promise.reject(new Error('identity is away')), 503],
  [
    '503 also when the seam throws at once',
    () => {
      throw new Error('no keys');
    },
    503,
  ],
])('answers %s', async (_what, authenticate, status) => {
  await expect(ask(authenticate as never)).rejects.toMatchObject({status});
});

it.each([undefined, null, true, 'account-1', {}, {account: ''}, {account: 7}, {refused: ''}])(
  'takes %j for a mistake of the seam, and for nobody',
  async found => {
    await expect(ask((async () => found) as never)).rejects.toThrow(/neither an account nor/);
  },
);

function ask(authenticate: Parameters<typeof accessTokens>[0]['authenticate']): Promise<string> {
  return accessTokens({authenticate}, SILENT).account({method: 'GET', url: '/', headers: {}});
}

function drop(): void {}
