import type {FastifyBaseLogger, FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault} from 'fastify';
import type {TypeBoxTypeProvider} from '@fastify/type-provider-typebox';
import type {Broker} from './broker.ts';
import type {Clock} from './clock.ts';
import type {CrashPoints} from './crash-points.ts';
import type {Database} from './database.ts';
import type {Links} from './links.ts';
import type {Logger} from './logger.ts';
import type {Migration} from './migrations.ts';
import type {Environment} from './parse-environment.ts';

/** Fastify with typebox schemas: `import {Type} from 'typebox'`. Validation, problems, trace context and deadlines are set up. */
export type App = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

/** What a service is, for the kit. */
export interface ServiceDefinition {
  readonly name: string;
  /** With it the service needs `DATABASE_URL`; it takes requests once the migrations are applied. */
  readonly database?: {readonly migrations: readonly Migration[]};
  /** Loads seams, registers routes and hooks. The database must not be used yet: it may be down; `onStart` is the place. */
  build(kit: Kit): Promise<void>;
}

/** What a service gets from the kit. */
export interface Kit {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Logger;
  readonly app: App;
  /** The service's own database. Reading it throws when the definition has none. */
  readonly database: Database;
  readonly links: Links;
  readonly crashPoints: CrashPoints;
  /** Aborted when the service starts to drain: long-lived answers and loops end then. */
  readonly draining: AbortSignal;
  /** The module of `SEAMS[name]`, or the default. A module that cannot be loaded is reported and ends the process (79). */
  seam<T>(name: string, exportName: string, fallback: T): Promise<T>;
  /** A broker that comes past the crash points `before_publish`, `after_publish` and `before_ack`. */
  wrapBroker(broker: Broker): Broker;
  /** A check of `/readyz`; it has one second. The database has one already. */
  onReady(name: string, check: () => Promise<void>): void;
  /** Runs once, after the migrations and before the first request is taken. Failing because of an unreachable database or broker is retried. */
  onStart(work: () => Promise<void>): void;
  /** Runs when the last request is answered, last registered first. */
  onStop(work: () => Promise<void>): void;
}

export declare function runService(definition: ServiceDefinition): Promise<void>;
