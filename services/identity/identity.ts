import {openBroker} from '../kit/open-broker.ts';
import {ConfigurationError, type Environment} from '../kit/parse-environment.ts';
import type {Kit, ServiceDefinition} from '../kit/service.ts';
import {createAccess} from './access.ts';
import {serveAccounts} from './accounts.ts';
import {serveAnnouncements} from './announcements.ts';
import {createEndedSessions} from './ended-sessions.ts';
import {EVENTS} from './events.ts';
import {createKeyRing} from './key-ring.ts';
import {serveKeys} from './keys.ts';
import {sweepFailures} from './lockout.ts';
import {MIGRATIONS} from './migrations.ts';
import {serveOwnAccount} from './own-account.ts';
import {createPasswords} from './passwords.ts';
import type {Provisioning} from './provisioning.ts';
import {readAccounts} from './read-accounts.ts';
import {serveRoles} from './roles.ts';
import {sweepSagas} from './saga-rows.ts';
import {createSagaSteps} from './saga-steps.ts';
import {deriveKey, seal, unseal} from './seal.ts';
import {createKeyRotation} from './seams/key-rotation.default.ts';
import {createPublisher} from './seams/publisher.default.ts';
import {registration} from './seams/registration.default.ts';
import {createSaga} from './seams/saga.default.ts';
import {createSessions} from './seams/sessions.default.ts';
import type {SessionTools} from './seams/sessions.ts';
import {endSessions, sweepSessions} from './session-rows.ts';
import {serveSessions} from './sessions.ts';
import {createSweeper} from './sweeper.ts';
import {createTokens} from './tokens.ts';
import {serveWellKnown} from './well-known.ts';

/** Accounts, sessions and the keys that others verify tokens with. */
export const identity: ServiceDefinition = {
  name: 'identity',
  database: {migrations: MIGRATIONS},
  build: kit => buildIdentity(kit),
};

/** Serves identity with this kit. `provisioning`: what a new account needs elsewhere. */
export async function buildIdentity(kit: Kit, provisioning: Provisioning = {}): Promise<void> {
  const {app, clock, database, environment, log} = kit;
  const secret = required(environment, 'sessionSecret', 'SESSION_SECRET');
  const bareBroker = await openBroker({url: required(environment, 'brokerUrl', 'BROKER_URL'), clock, log});
  kit.onStop(() => bareBroker.close());
  const broker = kit.wrapBroker(bareBroker);

  const makePublisher = await kit.seam('publisher', 'createPublisher', createPublisher);
  const register = await kit.seam('registration', 'registration', registration);
  const makeSaga = await kit.seam('saga', 'createSaga', createSaga);
  const publisher = makePublisher({database, broker: {publish: broker.publish}, clock, log});
  const saga = makeSaga({
    database,
    steps: createSagaSteps({...kit, publisher, quotasAt: provisioning.quotasAt ?? quotaService(kit)}),
    clock,
    log,
  });
  const makeRotation = await kit.seam('key-rotation', 'createKeyRotation', createKeyRotation);
  const keys = createKeyRing({database, secret, clock, log, rotation: makeRotation()});
  const tokens = createTokens({keys, clock});
  const passwords = createPasswords({profile: environment.profile, clock});
  const makeSessions = await kit.seam('sessions', 'createSessions', createSessions);
  const sessions = makeSessions({database, clock, log, tokens, ...SEALED_ANSWERS, end: endSession});
  const access = createAccess({database, tokens, secret});
  const ended = createEndedSessions({database, clock, log});
  const sweeps = [sweepSessions, sweepFailures, sweepSagas].map(sweep => () => sweep(database));
  const sweeper = createSweeper({clock, log, sweeps});

  // A broker that is away does not keep accounts from being opened: the stream is made when it is back.
  kit.onStart(async () => {
    broker.ensureStream(EVENTS).catch(error => log.warn({err: error}, 'the broker is not there yet'));
  });
  kit.onStart(() => keys.load());
  kit.onStart(async () => publisher.start?.());
  kit.onStop(async () => publisher.stop?.());
  kit.onStart(async () => saga.start?.());
  kit.onStop(async () => saga.stop?.());
  kit.onStart(async () => sweeper.start());
  kit.onStop(() => sweeper.stop());

  serveAccounts(app, {kit, register, publisher, saga, passwords, secret, provisioning});
  serveOwnAccount(app, {kit, publisher, saga, access});
  readAccounts(app, {kit, access});
  serveSessions(app, {kit, publisher, passwords, tokens, sessions, access});
  serveRoles(app, {kit, publisher, access});
  serveKeys(app, {keys, access});
  serveWellKnown(app, {keys, ended});
  await serveAnnouncements(app, kit);
}

/** Answers to a refresh are sealed with a key that only the token itself gives. */
const SEALED_ANSWERS: Pick<SessionTools, 'seal' | 'unseal'> = {
  seal: (text, refreshToken, session) => seal(text, deriveKey(refreshToken, 'answer'), session),
  unseal: (sealed, refreshToken, session) => unseal(sealed, deriveKey(refreshToken, 'answer'), session),
};

const endSession: SessionTools['end'] = (transaction, session, reason) => endSessions(transaction, {session}, reason);

/** Where `LINKS` names no stream there are no quotas. */
function quotaService({links}: Kit): string | undefined {
  return links.instances('stream').length === 0 ? undefined : 'stream';
}

function required(environment: Environment, field: 'sessionSecret' | 'brokerUrl', variable: string): string {
  const value = environment[field];
  if (value === undefined) throw new ConfigurationError(`${variable}: identity needs it.`);
  return value;
}
