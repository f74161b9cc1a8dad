import {rm} from 'node:fs/promises';
import {assemble} from './assemble.ts';
import type {Broker} from './broker.ts';
import type {Clock} from './clock.ts';
import {type ControlChannel, openControlChannel} from './control-channel.ts';
import type {CrashPoints} from './crash-points.ts';
import type {Database} from './database.ts';
import {drain} from './drain.ts';
import {guardExit} from './exit-guard.ts';
import {serveHealth} from './health.ts';
import type {KeyValue} from './key-value.ts';
import type {Links} from './links.ts';
import type {Logger} from './logger.ts';
import {type Migration, migrate} from './migrations.ts';
import type {CompleteDescription} from './openapi.ts';
import {lockSignals} from './own-end.ts';
import {
  ConfigurationError,
  type ControlFd,
  controlFd,
  type Environment,
  parseEnvironment,
} from './parse-environment.ts';
import {type RegisteredInstance, registerInstance} from './register-instance.ts';
import {REGISTRY_SPACE} from './registry.ts';
import type {RequestContexts} from './request-context.ts';
import {SeamError} from './seams.ts';
import type {App} from './server.ts';
import {runSteps} from './start-up.ts';

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
  /** The service's own database. Every use rejects when the definition has none. */
  readonly database: Database;
  readonly links: Links;
  /** A space of keys and values on the broker, one client per name for the whole service; undefined where there is no `BROKER_URL`. */
  space(name: string): Promise<KeyValue | undefined>;
  readonly crashPoints: CrashPoints;
  /** Trace, deadline and authorization of the request under way; `outgoing()` are the headers that carry them on. */
  readonly contexts: RequestContexts;
  /** Aborted when the service starts to drain: long-lived answers and loops end then. */
  readonly draining: AbortSignal;
  /** The module of `SEAMS[name]`, or the default. A module that cannot be loaded is reported and ends the process (79). */
  seam<T>(name: string, exportName: string, fallback: T): Promise<T>;
  /** The same broker, coming past the crash points `before_publish`, `after_publish` and `before_ack`, whose deliveries the lab can double and move. */
  wrapBroker(broker: Broker): Broker;
  /** Completes what `/openapi.json` says of the own routes. */
  describe(complete: CompleteDescription): void;
  /** A check of `/readyz`; it has one second. The database has one already. */
  onReady(name: string, check: () => Promise<void>): void;
  /** Runs once, after the migrations and before the first request is taken. Failing because of an unreachable database or broker is retried. */
  onStart(work: () => Promise<void>): void;
  /** Runs when the last request is answered, last registered first. */
  onStop(work: () => Promise<void>): void;
}

/** Exit codes: 78 is sysexits' EX_CONFIG, 79 is ours. */
const EXIT = {ok: 0, failed: 1, configuration: 78, seam: 79} as const;

/** Runs a service until SIGTERM (or SIGINT) has drained it. Every way in which it can end is reported before it ends. */
export async function runService(definition: ServiceDefinition): Promise<void> {
  const channel = openControlChannel(controlFdIfValid());
  const {exit} = guardExit(channel);
  try {
    await start(definition, channel, exit);
  } catch (error) {
    exit(tell(definition.name, error, channel));
  }
}

async function start(
  definition: ServiceDefinition,
  channel: ControlChannel,
  exit: (code: number) => never,
): Promise<void> {
  const {name, database: schema} = definition;
  const environment = parseEnvironment(process.env, {name, needsDatabase: schema !== undefined});
  const assembly = await assemble(definition, environment, channel);
  const {kit, checks, startSteps, stopSteps} = assembly;
  const {app, clock, draining, log} = kit;
  process.on('uncaughtException', (error, origin) => {
    log.error({err: error, origin}, 'an error that nobody caught ends the service');
    exit(EXIT.failed);
  });
  if (Object.keys(environment.seams).length > 0) lockSignals(what => channel.report({type: 'tampering', what}));
  serveHealth(app, {checks, clock, started: assembly.isStarted, draining});
  await definition.build(kit);
  const [unknown] = assembly.unknownSeams();
  if (unknown !== undefined) throw new ConfigurationError(`SEAMS.${unknown}: ${name} has no such seam.`);
  let registered: RegisteredInstance | undefined;
  const stop = (): void => {
    if (draining.aborted) return;
    assembly.markDraining();
    void registered?.end();
    void drain({app, log, onStop: [...stopSteps].reverse()}).then(() => exit(EXIT.ok));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await listen(app, environment);
  log.info({address: app.listeningOrigin}, 'listening');
  const migrations = schema === undefined ? [] : [() => migrate(kit.database, schema.migrations)];
  try {
    await runSteps([...migrations, ...startSteps], {clock, log, signal: draining});
  } catch (error) {
    // What failed while the service was told to stop does not matter any more; draining ends the process.
    if (draining.aborted) return;
    throw error;
  }
  const registry = await kit.space(REGISTRY_SPACE);
  assembly.markStarted();
  if (registry !== undefined && !draining.aborted) {
    registered = registerInstance(registry, {
      service: name,
      node: environment.nodeName,
      release: environment.release,
      clock,
      log,
    });
    // Told as soon as it drains; waited for before its space is closed.
    kit.onStop(async () => registered?.end());
  }
  log.info({}, 'ready');
}

async function listen(app: App, {host, port}: Environment): Promise<void> {
  try {
    if (host.startsWith('/')) {
      // One that a killed process left behind is in the way.
      await rm(host, {force: true});
      await app.listen({path: host});
    } else await app.listen({host, port});
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL' && code !== 'ENOTFOUND') throw error;
    throw new ConfigurationError(`HOST and PORT: cannot listen on ${host}:${port} (${code}).`);
  }
}

/** Says on the channel and on stderr why the service cannot run, and returns the exit code for it. */
function tell(name: string, error: unknown, channel: ControlChannel): number {
  if (error instanceof ConfigurationError) {
    channel.report({type: 'config-error', message: error.message});
    process.stderr.write(`${name}: ${error.message}\n`);
    return EXIT.configuration;
  }
  if (error instanceof SeamError) {
    const {seam, file, line, message} = error;
    channel.report({type: 'seam-error', seam, file, ...(line === undefined ? {} : {line}), message});
    process.stderr.write(`${name}: seam ${seam}, ${file}${line === undefined ? '' : `:${line}`}: ${message}\n`);
    return EXIT.seam;
  }
  process.stderr.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failed;
}

/** A wrong CONTROL_FD is told with the rest of the environment. */
function controlFdIfValid(): ControlFd | undefined {
  try {
    return controlFd(process.env);
  } catch {
    return undefined;
  }
}
