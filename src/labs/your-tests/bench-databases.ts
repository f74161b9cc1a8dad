import type {BenchTools} from './bench.ts';

/** Schemas of benches are named like this, whoever they belong to. */
export const SCHEMA_PREFIX = 'your_tests_';

/** What a bench keeps in a database, for the time of one test. */
export interface BenchDatabases extends Pick<BenchTools, 'database' | 'endSessions'> {
  close(): Promise<void>;
}

export const NO_DATABASES: BenchDatabases = {
  database: () => {
    throw new Error('This lab names no node whose database its bench may use.');
  },
  endSessions: async () => undefined,
  close: async () => undefined,
};
