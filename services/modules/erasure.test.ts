import {expect, it} from 'vitest';
import {type Caller, createCaller} from '../identity/testing/call.ts';
import {PASSWORD, SECRET} from '../identity/testing/identity-system.ts';
import {startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres} from '../kit/testing/postgres.ts';
import {modular} from './modules.ts';

it('takes the quota of a closed account away where quotas are in the same process, and has given it with the account', async () => {
  await using postgres = await startTestPostgres();
  const env = {
    DATABASE_URL: await postgres.createDatabase(),
    BROKER_URL: await postgres.createDatabase(),
    PROFILE: 'lab',
    SESSION_SECRET: SECRET,
  };
  await using monolith = await startInProcess(modular('monolith', ''), env);
  const call: Caller = createCaller(monolith.url);
  const {body: opened} = await call('POST', '/v1/accounts', {body: {name: 'Ada', password: PASSWORD}});
  const state = () =>
    monolith.kit.database.query(
      `select (select count(*)::int from quotas where account = a.id) as quotas, activated_at is not null as active, name
       from accounts a where id = $1`,
      [opened.id],
    );
  expect(await state()).toEqual([{quotas: 1, active: true, name: 'Ada'}]);
  const {body: session} = await call('POST', '/v1/sessions', {body: {account: opened.id, password: PASSWORD}});
  expect((await call('DELETE', '/v1/accounts/me', {token: String(session.token)})).status).toBe(204);
  await expect.poll(state, {timeout: 20_000}).toEqual([{quotas: 0, active: true, name: ''}]);
});
