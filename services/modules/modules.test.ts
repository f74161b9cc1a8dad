import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {createCaller} from '../identity/testing/call.ts';
import {ConfigurationError} from '../kit/parse-environment.ts';
import {type InProcessService, startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {modular} from './modules.ts';

const PASSWORD = 'correct horse battery';
const NEW = {name: 'Ada', password: PASSWORD};

describe('modules of identity and stream', () => {
  let postgres: TestPostgres;
  const running: InProcessService[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(async () => {
    for (const service of running.reverse()) await service[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  });

  async function start(modules: string | undefined, brokerUrl: string, links = {}): Promise<InProcessService> {
    const service = await startInProcess(modular('modules', modules), {
      DATABASE_URL: await postgres.createDatabase(),
      BROKER_URL: brokerUrl,
      PROFILE: 'lab',
      SESSION_SECRET: 'a secret for tests',
      LINKS: JSON.stringify(links),
    });
    running.push(service);
    return service;
  }

  it('are one process on one database: an account comes with its quota, and its token is good for activity, without a link', async () => {
    const {url, kit} = await start(undefined, await postgres.createDatabase());
    const call = createCaller(url);
    const account = String((await call('POST', '/v1/accounts', {body: NEW})).body.id);
    expect(await kit.database.query('select account from quotas')).toEqual([{account}]);
    const token = String((await call('POST', '/v1/sessions', {body: {account, password: PASSWORD}})).body.token);
    expect((await call('POST', '/v1/activity', {token, body: {kind: 'click'}})).status).toBe(202);
    expect((await call('GET', '/v1/sign-in-alerts', {token})).status).toBe(200);
  });

  it('roll the account back when its quota cannot be set, in one process', async () => {
    const {url, kit} = await start('accounts,quotas', await postgres.createDatabase());
    await kit.database.query('alter table quotas add check (events_per_second < 10)');
    expect((await createCaller(url)('POST', '/v1/accounts', {body: NEW})).status).toBe(500);
    expect(await kit.database.query('select id from accounts')).toEqual([]);
  });

  it('call each other over links when they are apart, and then an account can be there without its quota', async () => {
    const broker = await postgres.createDatabase();
    const quotas = await start('quotas', broker);
    const accounts = await start('accounts', broker, {quotas: [{node: 'quotas-1', url: quotas.url}]});
    const call = createCaller(accounts.url);
    const {id} = (await call('POST', '/v1/accounts', {body: NEW})).body;
    expect(await quotas.kit.database.query('select account from quotas')).toEqual([{account: id}]);
    await quotas.kit.database.query('drop table quotas');
    expect((await call('POST', '/v1/accounts', {body: NEW})).status).toBe(503);
    expect(await accounts.kit.database.query('select id from accounts')).toHaveLength(2);
  });

  it('serve only what they are told to', async () => {
    const {url, kit} = await start('quotas', await postgres.createDatabase());
    expect((await createCaller(url)('POST', '/v1/sessions', {body: {}})).status).toBe(404);
    expect(await kit.database.query("select to_regclass('accounts') as accounts")).toEqual([{accounts: null}]);
  });

  it('are refused by a name that is none', async () => {
    await expect(start('accounts,acounts', await postgres.createDatabase())).rejects.toThrow(ConfigurationError);
  });
});
