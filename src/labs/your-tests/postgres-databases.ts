import {randomBytes} from 'node:crypto';
import pg from 'pg';
import type {Logger} from '../../../services/kit/logger.ts';
import {createPostgresDatabase} from '../../../services/kit/postgres.ts';
import {type BenchDatabases, SCHEMA_PREFIX} from './bench-databases.ts';

const SESSIONS_MAX = 4;
/** A statement of a test that waits longer than this waits for ever, ms. */
const STATEMENT_MS_MAX = 2_000;
/** Times that it is looked whether sessions are gone, of which each takes a ms or so. */
const LOOKS_MAX = 2_000;

/** A schema of its own in the Postgres of `url`, and sessions in it by name; closing takes both away. */
export async function openDatabases(url: string): Promise<BenchDatabases> {
  const schema = `${SCHEMA_PREFIX}${randomBytes(6).toString('hex')}`;
  const owner = new pg.Client({connectionString: url, application_name: schema});
  owner.on('error', () => undefined);
  await owner.connect();
  await owner.query(`create schema ${schema}`);
  const inSchema = new URL(url);
  // Nothing here has to outlive the server, and the disk would be most of the time.
  inSchema.searchParams.set('options', `-c search_path=${schema} -c synchronous_commit=off`);
  const sessionsOf = (name: string): string => `${schema}/${name}`;
  const endSessions = async (like: string): Promise<void> => {
    // Postgres' own waiting looks ten times a second; asking again is quicker by far.
    for (let left = LOOKS_MAX; left > 0; left--) {
      const {rowCount} = await owner.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1 and pid <> pg_backend_pid()',
        [like],
      );
      if (rowCount === 0) return;
    }
  };
  return {
    database: (name, atCommit = () => undefined) =>
      createPostgresDatabase({
        url: inSchema.href,
        log: SILENT,
        applicationName: sessionsOf(name),
        poolMax: SESSIONS_MAX,
        statementTimeoutMs: STATEMENT_MS_MAX,
        crashPoints: {
          hit: point => {
            if (point === 'before_commit' || point === 'after_commit_before_publish') atCommit(point);
          },
        },
      }),
    endSessions: async name => endSessions(sessionsOf(name)),
    close: async () => {
      await endSessions(`${schema}/%`);
      await owner.query(`drop schema ${schema} cascade`);
      await owner.end();
    },
  };
}

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
