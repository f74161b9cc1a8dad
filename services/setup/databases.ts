import {MIGRATIONS as IDENTITY} from '../identity/migrations.ts';
import type {Database} from '../kit/database.ts';
import type {Logger} from '../kit/logger.ts';
import {type Migration, migrate, migrateDown} from '../kit/migrations.ts';
import {createPostgresDatabase} from '../kit/postgres.ts';
import {MIGRATIONS as STREAM} from '../stream/migrations.ts';
import {STREAMS} from '../stream/streams.ts';
import {openSetUpBroker} from './broker.ts';
import {makeOwnedDatabase} from './owned-database.ts';
import {type SampleAccount, writeSamples} from './sample-data.ts';
import {openServer} from './server.ts';

/** Services that keep data, with the history of their schemas. */
export const SCHEMAS: Readonly<Record<'identity' | 'stream', readonly Migration[]>> = {
  identity: IDENTITY,
  stream: STREAM,
};
export type SchemaName = keyof typeof SCHEMAS;

/** What was made, and what services are started with to use it. */
export interface MadeDatabases {
  /** `DATABASE_URL` of identity and of stream, and the `BROKER_URL` of both and of gateway. They hold passwords. */
  readonly urls: Readonly<Record<SchemaName | 'broker', string>>;
  /** Names of the migrations that were applied. */
  readonly applied: Readonly<Record<SchemaName, readonly string[]>>;
  readonly samples: readonly SampleAccount[];
}

export interface MakeOptions {
  /** A Postgres, with the database `postgres` and a role that may make databases and roles. */
  readonly adminUrl: string;
  readonly withSamples: boolean;
  readonly log: Logger;
}

/**
 * Makes on any Postgres what the services need: for each of identity, stream and the broker a database and a role that gets into nothing else, the schemas, and on
 * demand some sample data. May be run again: what is there stays, roles get new passwords, and migrations that are missing are applied.
 */
export async function makeDatabases({adminUrl, withSamples, log}: MakeOptions): Promise<MadeDatabases> {
  await using server = await openServer(adminUrl);
  const identity = await makeOwnedDatabase(server, 'identity');
  const stream = await makeOwnedDatabase(server, 'stream');
  const broker = await makeOwnedDatabase(server, 'broker');
  const applied = {
    identity: await inDatabase(identity.url, log, database => migrate(database, SCHEMAS.identity)),
    stream: await inDatabase(stream.url, log, database => migrate(database, SCHEMAS.stream)),
  };
  await using opened = await openSetUpBroker(broker.url, log);
  for (const name of STREAMS) await opened.broker.ensureStream(name);
  const samples = withSamples
    ? await inDatabase(identity.url, log, database => writeSamples(database, opened.broker))
    : [];
  return {urls: {identity: identity.url, stream: stream.url, broker: broker.url}, applied, samples};
}

/** Takes back the last `steps` migrations of a service's schema, with its own role, and names them. The service must not run. */
export async function takeBack(
  url: string,
  schema: SchemaName,
  steps: number,
  log: Logger,
): Promise<readonly string[]> {
  return inDatabase(url, log, database => migrateDown(database, SCHEMAS[schema], steps));
}

/** Applies the migrations of a service's schema that are not applied yet, and names them. */
export async function bringUp(url: string, schema: SchemaName, log: Logger): Promise<readonly string[]> {
  return inDatabase(url, log, database => migrate(database, SCHEMAS[schema]));
}

async function inDatabase<T>(url: string, log: Logger, work: (database: Database) => Promise<T>): Promise<T> {
  const database = createPostgresDatabase({
    url,
    log,
    crashPoints: {hit: () => undefined},
    applicationName: 'teraApi set-up',
    poolMax: 1,
    statementTimeoutMs: 600_000,
  });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
