import {emptyNatsBroker} from '../labs/broker.ts';
import {accessUrl} from '../runtime/access-url.ts';
import type {BrokerAccess} from '../runtime/runtime.ts';
import type {PostgresReader} from './postgres.ts';

/** Empties a broker of everything that it keeps. Nobody else may be using it. */
export async function emptyBroker(node: string, access: BrokerAccess, postgres: PostgresReader): Promise<void> {
  if (access.engine === 'postgres') return postgres.empty(node);
  await emptyNatsBroker(accessUrl(access));
}
