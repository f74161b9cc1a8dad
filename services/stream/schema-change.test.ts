import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {createCaller} from '../identity/testing/call.ts';
import type {Kit} from '../kit/service.ts';
import {type InProcessService, startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {serveSchemaChange} from './schema-change.ts';
import type {QuotaRepository, SchemaChange} from './seams/repository.ts';

const WITHIN_MS = 10_000;

describe('a change of the schema', () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('has the version before serve until it is up, and again before it is taken back', async () => {
    const steps: string[] = [];
    const {service, repository} = await start({
      up: async ({session}) => {
        steps.push(`up: ${await repository.read('a')}`);
        await session.query('create table note (text text)');
      },
      backfill: async () => void steps.push(`backfill: ${await repository.read('a')}`),
      down: async ({session}) => {
        steps.push(`down: ${await repository.read('a')}`);
        await session.query('drop table note');
      },
    });
    await using _ = service;
    await change(service, 'after');
    await change(service, 'before');
    expect(steps).toEqual(['up: 1', 'backfill: 2', 'down: 1']);
  });

  it('says why it failed, leaves the version before in place, and may be asked for again', async () => {
    let tries = 0;
    const {service, repository} = await start({
      up: async ({session}) => {
        tries += 1;
        if (tries === 1) await session.query('select * from nothing_of_this_name');
      },
      backfill: async () => undefined,
      down: async () => undefined,
    });
    await using _ = service;
    expect(await change(service, 'after', 'failed')).toContain('nothing_of_this_name');
    expect(await repository.read('a')).toBe(1);
    await change(service, 'after');
    expect(await repository.read('a')).toBe(2);
  });

  it('runs in a session without the timeouts of requests', async () => {
    let timeouts: unknown;
    const {service} = await start({
      up: async ({session}) => {
        timeouts = await session.query(
          "select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement",
        );
      },
      backfill: async () => undefined,
      down: async () => undefined,
    });
    await using _ = service;
    await change(service, 'after');
    expect(timeouts).toEqual([{lock: '0', statement: '0'}]);
  });

  async function start(made: SchemaChange): Promise<{service: InProcessService; repository: QuotaRepository}> {
    let repository: QuotaRepository = version(0);
    const service = await startInProcess(
      {
        name: 'blank',
        database: {migrations: []},
        build: async (kit: Kit) => {
          const versions = {before: version(1), after: version(2), change: made, isServed: true};
          repository = serveSchemaChange(kit, versions);
        },
      },
      {DATABASE_URL: await postgres.createDatabase()},
    );
    return {service, repository};
  }
});

/** Every account has this many events a second. */
function version(number: number): QuotaRepository {
  return {read: async () => number, write: async () => false, remove: async () => undefined};
}

/** Asks for it, and waits until it is there. Returns the reason. */
async function change(service: InProcessService, to: 'after' | 'before', state: string = to): Promise<unknown> {
  const call = createCaller(service.url);
  expect((await call('PUT', '/v1/schema-change', {body: {to}})).status).toBe(202);
  const end = performance.now() + WITHIN_MS;
  for (;;) {
    const {body} = await call('GET', '/v1/schema-change');
    if (body.state === state) return body.reason;
    if (performance.now() > end) throw new Error(`It is ${String(body.state)}, not ${state}: ${String(body.reason)}`);
  }
}
