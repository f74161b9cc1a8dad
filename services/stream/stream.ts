import {createAccessTokens} from '../kit/access-tokens.ts';
import {openBroker} from '../kit/open-broker.ts';
import {ConfigurationError} from '../kit/parse-environment.ts';
import type {Kit, ServiceDefinition} from '../kit/service.ts';
import {serveActivity} from './activity.ts';
import {consumeProjected} from './consume-projected.ts';
import {serveConsumers} from './consumers.ts';
import {MIGRATIONS} from './migrations.ts';
import {projectActivity} from './project-activity.ts';
import {projectRegistrations} from './project-registrations.ts';
import {ACTIVITY, GROUP, IDENTITY_EVENTS} from './streams.ts';
import {serveWindows} from './windows.ts';

/** Takes in what accounts do, and keeps what others read: projections of the streams `identity.events` and `activity`. */
export const stream: ServiceDefinition = {name: 'stream', database: {migrations: MIGRATIONS}, build};

async function build(kit: Kit): Promise<void> {
  const {app, clock, environment, log} = kit;
  if (environment.brokerUrl === undefined) throw new ConfigurationError('BROKER_URL: stream needs it.');
  const bareBroker = await openBroker({url: environment.brokerUrl, clock, log});
  kit.onStop(() => bareBroker.close());
  const broker = kit.wrapBroker(bareBroker);

  kit.onStart(async () => {
    const projections = {[IDENTITY_EVENTS]: projectRegistrations, [ACTIVITY]: projectActivity};
    for (const [stream, project] of Object.entries(projections)) {
      // A broker that is away does not keep anybody from reading: the stream is made when it is back.
      broker.ensureStream(stream).catch(error => log.warn({err: error, stream}, 'the broker is not there yet'));
      const consumer = await consumeProjected(
        kit,
        broker,
        {stream, group: GROUP, member: environment.nodeName},
        project,
      );
      kit.onStop(() => consumer.stop());
    }
  });

  const tokens = createAccessTokens(kit, 'stream');
  serveActivity(app, {kit, broker, tokens});
  serveWindows(app, kit);
  serveConsumers(app, {broker, tokens});
}
