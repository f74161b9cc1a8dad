import {type AccessTokens, openAccessTokens} from '../kit/access-tokens.ts';
import type {Broker} from '../kit/broker.ts';
import {openBroker} from '../kit/open-broker.ts';
import {ConfigurationError} from '../kit/parse-environment.ts';
import type {Kit, ServiceDefinition} from '../kit/service.ts';
import {createWake} from '../kit/wake.ts';
import {serveActivity} from './activity.ts';
import {createActivityPartitions} from './activity-partitions.ts';
import {consumeProjected} from './consume-projected.ts';
import {type ConsumerSeams, loadConsumerSeams} from './consumer-seams.ts';
import {serveConsumers} from './consumers.ts';
import {serveDeadLetters} from './dead-letters.ts';
import {TERMS} from './event-clock.ts';
import {createIntake} from './intake.ts';
import {keepEventClock} from './keep-event-clock.ts';
import {listActivity} from './list-activity.ts';
import {serveLive} from './live.ts';
import {createLiveFeed, type LiveFeed} from './live-feed.ts';
import {MIGRATIONS} from './migrations.ts';
import {serveNamedActivity} from './named-activity.ts';
import {openQuotas} from './open-quotas.ts';
import {createProjections, type Projections} from './projections.ts';
import {serveQuotas} from './quotas.ts';
import {createReadModelTools} from './read-model-tools.ts';
import {serveReplays} from './replays.ts';
import {runReplays} from './run-replays.ts';
import {createReadModel} from './seams/projection.default.ts';
import type {CreateReadModel, ReadModel} from './seams/projection.ts';
import {createWindows as defaultWindows} from './seams/window.default.ts';
import type {CreateWindows} from './seams/window.ts';
import {serveSignInAlerts} from './sign-in-alerts.ts';
import {createSpending, type ReadQuota, type Spending} from './spend-quota.ts';
import {GROUP} from './streams.ts';
import {serveWindows} from './windows.ts';

/** Takes in what accounts do, and keeps what others read: projections of the streams `identity.events` and `activity`. */
export const stream: ServiceDefinition = {
  name: 'stream',
  database: {migrations: MIGRATIONS},
  build: kit => buildStream(kit),
};

/** What stream consists of: a process can have any of it. */
export const STREAM_PARTS = ['quotas', 'activity', 'alerts'] as const;
export type StreamPart = (typeof STREAM_PARTS)[number];

/** Serves these parts of stream with this kit. `readQuota`: where quotas are kept, if it is not in the database here. */
export async function buildStream(
  kit: Kit,
  parts: ReadonlySet<StreamPart> = new Set(STREAM_PARTS),
  readQuota?: ReadQuota,
): Promise<void> {
  const quotas = await openQuotas(kit, parts.has('quotas'));
  const spending = createSpending(kit, readQuota ?? quotas.read);
  if (parts.has('quotas')) serveQuotas(kit.app, {database: kit.database, quotas, spending});
  if (!parts.has('activity') && !parts.has('alerts')) return;
  const {clock, database, environment, log} = kit;
  if (environment.brokerUrl === undefined) throw new ConfigurationError('BROKER_URL: stream needs it.');
  const bareBroker = await openBroker({url: environment.brokerUrl, clock, log});
  kit.onStop(() => bareBroker.close());
  const broker = kit.wrapBroker(bareBroker);
  const feed = createLiveFeed(kit);
  const windows = (await kit.seam<CreateWindows>('window', 'createWindows', defaultWindows))(TERMS);
  const partitions = createActivityPartitions(broker);
  const projections = createProjections({windows, partitions, clock});
  const seams = await loadConsumerSeams(kit, Object.values(projections));
  const replaysWake = createWake(clock);
  kit.onStart(async () => {
    await startProjections(kit, broker, {projections, feed, parts, seams});
    if (!parts.has('activity')) return;
    const loops = [
      keepEventClock({clock, database, log, broker, partitions, windows}, kit.draining),
      runReplays({clock, database, log, broker, projections}, replaysWake, kit.draining),
      feed.run(kit.draining),
    ];
    kit.onStop(() => Promise.all(loops).then(() => undefined));
  });
  const tokens = await openAccessTokens(kit, 'stream');
  if (parts.has('alerts')) serveSignInAlerts(kit.app, kit, tokens);
  if (!parts.has('activity')) return;
  const createReads = await kit.seam<CreateReadModel>('projection', 'createReadModel', createReadModel);
  const reads = createReads(createReadModelTools(kit, broker));
  serve(kit, {broker, tokens, spending, seams, reads});
  await serveNamedActivity(kit.app, kit, broker);
  serveLive(kit.app, kit, {feed, tokens});
  serveReplays(kit.app, {kit, tokens, wake: replaysWake, projections});
}

interface Projecting {
  readonly projections: Projections;
  readonly feed: LiveFeed;
  readonly parts: ReadonlySet<StreamPart>;
  readonly seams: ConsumerSeams;
}

async function startProjections(
  kit: Kit,
  broker: Broker,
  {projections, feed, parts, seams}: Projecting,
): Promise<void> {
  const {environment, log} = kit;
  for (const {stream, part} of Object.values(projections)) {
    if (!parts.has(part)) continue;
    // A broker that is away does not keep anybody from reading: the stream is made when it is back.
    broker.ensureStream(stream).catch(error => log.warn({err: error, stream}, 'the broker is not there yet'));
    const options = {stream, group: GROUP, member: environment.nodeName};
    const consumer = await consumeProjected(broker, options, seams.of(stream), feed.wake);
    kit.onStop(() => consumer.stop());
  }
}

interface Served {
  readonly broker: Broker;
  readonly tokens: AccessTokens;
  readonly spending: Spending;
  readonly seams: ConsumerSeams;
  readonly reads: ReadModel;
}

function serve(kit: Kit, {broker, tokens, spending, seams, reads}: Served): void {
  const {app} = kit;
  serveActivity(app, {kit, broker, tokens, intake: createIntake(kit, broker), spending, keyOf: seams.keyOf, reads});
  listActivity(app, {kit, tokens, reads});
  serveWindows(app, kit);
  serveConsumers(app, {broker, tokens});
  serveDeadLetters(app, {broker, tokens});
}
