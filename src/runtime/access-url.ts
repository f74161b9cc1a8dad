import type {Address} from '../topology/address.ts';
import type {BrokerAccess, PostgresAccess} from './runtime.ts';

/** URL of a database or broker with its password; `address` is where it is reached when that is not directly. */
export function accessUrl(access: PostgresAccess | BrokerAccess, address: Address = access.address): string {
  return urlOf(access, `${encodeURIComponent(access.user)}:${encodeURIComponent(access.password)}`, address);
}

/** The same as people are shown it. */
export function urlWithoutPassword(access: PostgresAccess | BrokerAccess): string {
  return urlOf(access, access.user, access.address);
}

function urlOf(access: PostgresAccess | BrokerAccess, user: string, {host, port}: Address): string {
  const engine = 'engine' in access ? access.engine : 'postgres';
  return `${engine}://${user}@${host}:${port}${access.database === undefined ? '' : `/${access.database}`}`;
}
