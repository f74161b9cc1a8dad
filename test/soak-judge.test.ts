import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {identity} from '../services/identity/identity.ts';
import {startInProcess} from '../services/kit/testing/in-process.ts';
import {startTestPostgres, type TestPostgres} from '../services/kit/testing/postgres.ts';
import {startUpstream} from '../services/kit/testing/upstream.ts';
import {stream} from '../services/stream/stream.ts';
import {createRandom} from '../src/random.ts';
import {type Ask, createAsk} from './support/soak/ask.ts';
import {type Book, emptyBook} from './support/soak/book.ts';
import {readEvidence} from './support/soak/evidence.ts';
import {judgeSoak, type LastAnswers} from './support/soak/judge.ts';
import {live, planPerson} from './support/soak/person.ts';
import {until} from './support/until.ts';

const PEOPLE = 12;
const ALL_WELL: LastAnswers = {live: [], ended: [], deadLetters: []};

/** Real services on real databases, without any faults; then one thing at a time that must not be. */
describe('the judge of the soak', () => {
  let postgres: TestPostgres;
  let databases: {readonly identity: pg.Client; readonly stream: pg.Client};
  let book: Book;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const [identityUrl, streamUrl, brokerUrl] = [
      await postgres.createDatabase(),
      await postgres.createDatabase(),
      await postgres.createDatabase(),
    ];
    databases = {identity: await connect(identityUrl), stream: await connect(streamUrl)};
    book = emptyBook();
    let identityAt = '';
    await using keys = await startUpstream('identity-1', ({path}, response) => {
      void fetch(identityAt + path).then(async answer => response.writeHead(answer.status).end(await answer.text()));
    });
    const common = {BROKER_URL: brokerUrl, PROFILE: 'lab', SESSION_SECRET: 'of the soak'};
    await using streamService = await startInProcess(stream, {
      ...common,
      DATABASE_URL: streamUrl,
      LINKS: JSON.stringify({identity: [keys.instance]}),
    });
    await using identityService = await startInProcess(identity, {
      ...common,
      DATABASE_URL: identityUrl,
      LINKS: JSON.stringify({stream: [{node: 'stream-1', url: streamService.url}]}),
    });
    identityAt = identityService.url;
    const [askIdentity, askStream] = [createAsk([identityAt]), createAsk([streamService.url])];
    const ask: Ask = (method, path, options) =>
      (path.startsWith('/v1/activity') ? askStream : askIdentity)(method, path, options);
    const random = createRandom(1, 'people');
    const plans = Array.from({length: PEOPLE}, (_, index) => planPerson(`p${index}`, random, false));
    await Promise.all(plans.map(plan => live(plan, ask, book, new AbortController().signal)));
    await until('everything is worked off', async () => {
      const {accounts, activity, openSagas, outbox, registrations} = await evidence();
      return (
        openSagas === 0 &&
        outbox.every(({published}) => published) &&
        registrations.length === accounts.length &&
        activity.length === book.events.size
      );
    });
  });

  afterAll(async () => {
    await Promise.all(Object.values(databases).map(client => client.end()));
    await postgres[Symbol.asyncDispose]();
  });

  const evidence = () => readEvidence(databases.identity, databases.stream);
  const violated = async (last = ALL_WELL): Promise<readonly string[]> =>
    judgeSoak(book, await evidence(), last)
      .filter(({violations}) => violations.length > 0)
      .map(({invariant}) => invariant);

  it('finds nothing where nothing is wrong, and has looked at something for each invariant', async () => {
    const verdicts = judgeSoak(book, await evidence(), ALL_WELL);
    expect(verdicts.filter(({violations}) => violations.length > 0)).toEqual([]);
    expect(verdicts.every(({looked}) => looked > 0)).toBe(true);
    expect([...book.operations.values()].every(({asked, acknowledged}) => asked === acknowledged)).toBe(true);
  });

  it.each([
    [
      'identity',
      'delete from accounts where id = (select id from accounts where closed_at is null limit 1)',
      'every acknowledged account',
    ],
    [
      'identity',
      'update accounts set closed_at = now(), erased_at = now() where closed_at is null',
      'every acknowledged account',
    ],
    [
      'identity',
      "insert into accounts (id, name, password_hash, created_at, activated_at) values ('x', 'x', 'x', now(), now())",
      'opened one account',
    ],
    [
      'identity',
      'update idempotency_keys set body = (select body from idempotency_keys limit 1)',
      'opened one account',
    ],
    ['identity', 'update outbox set published_at = null', 'took effect once'],
    ['identity', "delete from outbox where id like 'session.started/%'", 'took effect once'],
    [
      'stream',
      "insert into registrations select event_id || 'x', account, name, position, partition, at from registrations limit 1",
      'took effect once',
    ],
    ['stream', 'update account_effects set count = 2', 'took effect once'],
    [
      'stream',
      'delete from registrations where account = (select account from registrations limit 1)',
      'took effect once',
    ],
    ['stream', 'delete from activity where id = (select id from activity limit 1)', 'every acknowledged event'],
    ['stream', "update activity set id = 'x' where id = (select id from activity limit 1)", 'every acknowledged event'],
    [
      'stream',
      'update windows set count = count + 1 where start = (select start from windows limit 1)',
      'offline count',
    ],
    [
      'stream',
      'insert into late_activity (event_id, id, account, kind, at) select event_id, id, account, kind, at from activity limit 1',
      'offline count',
    ],
    ['identity', 'update refresh_tokens set used_at = null', 'sessions are as'],
    [
      'identity',
      'update sessions set ended_at = null where account in (select id from accounts where closed_at is not null)',
      'sessions are as',
    ],
    ['stream', 'delete from quotas where account = (select account from quotas limit 1)', 'without a quota'],
    ['stream', "insert into quotas (account, events_per_second) values ('x', 1)", 'without a quota'],
    ['identity', 'update sagas set ended_at = null', 'without a quota'],
    ['identity', 'update accounts set activated_at = null where closed_at is null', 'without a quota'],
  ] as const)('sees what is done to %s by: %s', async (where, statement, invariant) => {
    const database = databases[where];
    await database.query('begin');
    try {
      expect((await database.query(statement)).rowCount).toBeGreaterThan(0);
      expect((await violated()).join()).toContain(invariant);
    } finally {
      await database.query('rollback');
    }
  });

  it.each([
    [{live: [{account: 'a', status: 401}]}, 'sessions are as'],
    [{ended: [{account: 'a', status: 200}]}, 'sessions are as'],
    [{deadLetters: ['m']}, 'every acknowledged event'],
  ])('sees in the last answers %j', async (last, invariant) => {
    expect(await violated({...ALL_WELL, ...last})).toEqual([expect.stringContaining(invariant)]);
  });
});

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({connectionString});
  await client.connect();
  return client;
}
