import type {Broker} from '../../services/kit/broker.ts';
import {createPostgresBroker} from '../../services/kit/broker-postgres.ts';
import type {Logger} from '../../services/kit/logger.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';
import type {PostgresAccess} from '../runtime/runtime.ts';

/** The broker as judges read it: the same port as the services have, past the fabric. The caller closes it. */
export async function openBroker({address, user, password, database}: PostgresAccess): Promise<Broker> {
  const url = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address.host}:${address.port}/${database}`;
  return createPostgresBroker({url, clock: createSystemClock(), log: SILENT});
}

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
