import type {Migration} from '../../kit/migrations.ts';

export interface SchemaTools {
  /** Which release of the service this replica runs, where a lab rolls one out: `v1`. Empty otherwise. */
  readonly release: string;
}

/**
 * The tables of your own service, as the steps that made them. They are applied in order when a replica starts, each once for all
 * replicas and in a transaction of its own; the service takes requests when that is done.
 *
 * A module that replaces it exports `createSchema`.
 */
export type CreateSchema = (tools: SchemaTools) => readonly Migration[];
