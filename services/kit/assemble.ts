import type {ControlChannel} from './control-channel.ts';
import {withCrashPoints} from './crash-broker.ts';
import {createCrashPoints} from './crash-points.ts';
import type {Database} from './database.ts';
import {createDisturbances} from './disturb/disturbances.ts';
import type {Check} from './health.ts';
import {createJsonLogger} from './json-logger.ts';
import type {KeyValue} from './key-value.ts';
import {type Links, UnknownServiceError} from './links.ts';
import {openKeyValue} from './open-key-value.ts';
import type {CompleteDescription} from './openapi.ts';
import type {Environment} from './parse-environment.ts';
import type {PostgresDatabase} from './postgres.ts';
import {createRequestContexts} from './request-context.ts';
import {createSeamLoader} from './seams.ts';
import {createServer} from './server.ts';
import type {Kit, ServiceDefinition} from './service.ts';
import {createSkewableClock} from './skewable-clock.ts';
import {createSystemClock} from './system-clock.ts';
import {recordStatements} from './telemetry/record-statements.ts';
import {createTelemetry, NO_TELEMETRY, type Telemetry} from './telemetry/telemetry.ts';
import {withTraces} from './telemetry/traced-broker.ts';

type Step = () => Promise<void>;

/** A kit, and what was registered with it so far. */
export interface Assembly {
  readonly kit: Kit;
  readonly checks: readonly Check[];
  readonly startSteps: readonly Step[];
  /** In order of registration. */
  readonly stopSteps: readonly Step[];
  /** Seams that were configured and that the service did not ask for. */
  unknownSeams(): readonly string[];
  /** Requests are taken from now on. */
  markStarted(): void;
  isStarted(): boolean;
  markDraining(): void;
}

/** Makes the parts of a service and joins them. Nothing listens and nothing is connected yet. */
export async function assemble(
  definition: ServiceDefinition,
  environment: Environment,
  channel: ControlChannel,
): Promise<Assembly> {
  const {name} = definition;
  const contexts = createRequestContexts();
  const clock = createSkewableClock(createSystemClock());
  const log = createJsonLogger({
    service: name,
    node: environment.nodeName,
    level: environment.logLevel,
    contexts,
    clock,
  });
  const telemetry = openTelemetry();
  const draining = new AbortController();
  const crashPoints = createCrashPoints(channel);
  const disturbances = createDisturbances(channel);
  channel.listen(command => {
    switch (command.type) {
      case 'arm':
        return crashPoints.arm(command.point, command.skip);
      case 'disarm':
        return crashPoints.disarm();
      case 'disturb':
        disturbances.begin(command.order, command.forMs);
        return channel.report({type: 'counted', kind: command.order.kind, ...disturbances.state(command.order.kind)});
      case 'calm':
        disturbances.end(command.kind);
        return channel.report({type: 'counted', kind: command.kind, ...disturbances.state(command.kind)});
      case 'count':
        return channel.report({type: 'counted', kind: command.kind, ...disturbances.state(command.kind)});
      case 'skew':
        clock.skew(command.offsetMs, command.drift);
        return channel.report({type: 'skewed'});
      case 'secret':
        return;
    }
  });
  const seams = createSeamLoader(environment.seams);
  const checks: Check[] = [];
  const startSteps: Step[] = [];
  // Run last: until then there is something to tell.
  const stopSteps: Step[] = [() => telemetry.close()];
  const spaces = new Map<string, Promise<KeyValue>>();
  let started = false;
  let completeDescription: CompleteDescription = async document => document;

  const database = await openDatabase();
  const links = await openLinks();
  const app = await createServer({
    name,
    clock,
    log,
    contexts,
    started: () => started,
    draining: draining.signal,
    telemetry,
    completeDescription: document => completeDescription(document),
  });
  const kit: Kit = {
    environment,
    clock,
    log,
    app,
    links,
    space: openSpace,
    crashPoints,
    contexts,
    draining: draining.signal,
    database: database ?? noDatabase(name),
    seam: async (seam, exportName, fallback) => {
      if (Object.hasOwn(environment.seams, seam)) await channel.introduced;
      return seams.load(seam, exportName, fallback);
    },
    wrapBroker: broker =>
      withTraces(withCrashPoints(disturbances.wrap(broker), crashPoints), {
        contexts,
        telemetry,
        link: `${name}->${environment.brokerNode}`,
      }),
    describe: complete => {
      completeDescription = complete;
    },
    onReady: (check, run) => void checks.push({name: check, run}),
    onStart: work => void startSteps.push(work),
    onStop: work => void stopSteps.push(work),
  };
  return {
    kit,
    checks,
    startSteps,
    stopSteps,
    unknownSeams: () => seams.unknown(),
    markStarted() {
      started = true;
    },
    isStarted: () => started,
    markDraining: () => draining.abort(new Error('The service is draining.')),
  };

  function openTelemetry(): Telemetry {
    const {otlp, nodeName: node} = environment;
    return otlp === undefined ? NO_TELEMETRY : createTelemetry({...otlp, service: name, node});
  }

  async function openDatabase(): Promise<PostgresDatabase | undefined> {
    // Loaded, like the HTTP client below, only where it is used: each is several megabytes of memory.
    const {databaseUrl: url, databasePoolMax: poolMax, nodeName} = environment;
    if (definition.database === undefined || url === undefined) return undefined;
    const {createPostgresDatabase} = await import('./postgres.ts');
    const opened = createPostgresDatabase({
      url,
      log,
      crashPoints,
      applicationName: nodeName,
      poolMax,
      ...(telemetry.isOn
        ? {recorder: recordStatements(telemetry, contexts, `${name}->${environment.databaseNode}`)}
        : {}),
    });
    checks.push({name: 'database', run: () => opened.ping()});
    stopSteps.push(() => opened.close());
    return opened;
  }

  async function openSpace(space: string): Promise<KeyValue | undefined> {
    const {brokerUrl: url} = environment;
    if (url === undefined) return undefined;
    const opened = spaces.get(space) ?? openKeyValue({url, space, clock, log});
    if (!spaces.has(space)) stopSteps.push(async () => (await opened).close());
    spaces.set(space, opened);
    return opened;
  }

  async function openLinks(): Promise<Links> {
    if (Object.keys(environment.links).length === 0) return noLinks();
    const {createHttpLinks} = await import('./http-links.ts');
    const opened = createHttpLinks({
      instances: environment.links,
      contexts,
      clock,
      ...(telemetry.isOn ? {telemetry: {from: name, to: telemetry}} : {}),
    });
    stopSteps.push(() => opened.close());
    return opened;
  }
}

function noDatabase(name: string): Database {
  const refuse = (): Promise<never> => Promise.reject(new Error(`${name} is defined without a database.`));
  return {query: refuse, transaction: refuse};
}

function noLinks(): Links {
  return {
    request: service => Promise.reject(new UnknownServiceError(service)),
    instances: () => [],
    close: () => Promise.resolve(),
  };
}
