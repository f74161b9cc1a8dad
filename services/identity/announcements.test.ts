import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {type IdentitySystem, startIdentity} from './testing/identity-system.ts';

describe('what identity tells of accounts', () => {
  let postgres: TestPostgres;
  let system: IdentitySystem;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    system = await startIdentity(postgres);
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  });

  it('is each new name, in order', async () => {
    const account = await system.register('Ada');
    const token = String((await system.signIn(account)).body.token);
    for (const name of ['Augusta', 'Ada L.'])
      expect((await system.call('PATCH', '/v1/accounts/me', {token, body: {name}})).status).toBe(200);
    const events = await system.events(account, 4);
    expect(events.filter(({type}) => type === 'account.renamed').map(({data}) => data)).toEqual([
      {account, name: 'Augusta'},
      {account, name: 'Ada L.'},
    ]);
  });

  it('is every account that there is, on demand: also one that no event has told of, and none that is closed', async () => {
    const insert = `insert into accounts (id, name, password_hash, created_at, closed_at) values ($1, $2, '', now(), $3)`;
    await system.database.query(insert, ['old', 'Older than events', null]);
    await system.database.query(insert, ['gone', 'Closed', new Date()]);
    const open = await system.database.query('select id from accounts where closed_at is null');
    expect((await system.call('POST', '/v1/account-announcements', {body: {}})).body).toEqual({accounts: open.length});
    expect(await system.events('old', 1)).toEqual([
      {type: 'account.announced', data: {account: 'old', name: 'Older than events'}},
    ]);
    const told = await system.database.query("select key from outbox where type = 'account.announced'");
    expect(told.map(({key}) => key)).not.toContain('gone');
  });

  it('may be told again', async () => {
    await system.call('POST', '/v1/account-announcements', {body: {}});
    expect(await system.events('old', 2)).toHaveLength(2);
  });
});
