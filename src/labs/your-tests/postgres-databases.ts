import {randomBytes} from 'node:crypto';
import pg from 'pg';
import type {Logger} from '../../../services/kit/logger.ts';
import {createPostgresDatabase} from '../../../services/kit/postgres.ts';
import type {BenchDatabases} from './bench-databases.ts';

const SESSIONS_MAX = 4;
/** A statement of a test that waits longer than this waits for ever, ms. */
const STATEMENT_MS_MAX = 2_000;

/** A schema of its own in the Postgres of `url`, and sessions in it by name; closing takes both away. */
export async function openDatabases(url: string): Promise<BenchDatabases> {
  const schema = `your_tests_${randomBytes(6).toString('hex')}`;
  const owner = new pg.Client({connectionString: url, application_name: schema});
  owner.on('error', () => undefined);
  await owner.connect();
  await owner.query(`create schema ${schema}`);
  const inSchema = new URL(url);
  inSchema.searchParams.set('options', `-c search_path=${schema}`);
  const sessionsOf = (name: string): string => `${schema}/${name}`;
  const endSessions = async (like: string): Promise<void> => {
    await owner.query(
      'select pg_terminate_backend(pid, 1000) from pg_stat_activity where application_name like $1 and pid <> pg_backend_pid()',
      [like],
    );
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
