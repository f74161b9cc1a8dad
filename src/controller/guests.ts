import type {PostgresAccess, Runtime} from '../runtime/runtime.ts';
import {othersDatabases, ownDatabase} from '../topology/own-database.ts';
import type {Topology} from '../topology/topology.ts';
import type {PostgresReader} from './postgres.ts';

/** How a service reaches a database that is not its own: as itself, by the role and the password of its own one. */
export function guestAccess({user, password}: PostgresAccess, other: PostgresAccess): PostgresAccess {
  return {...other, user, password};
}

/**
 * Gives each service that is linked to a database of another service a role of its own there, without any right to what is in it: whoever owns the
 * database grants that. Roles of earlier guests go, with what they were granted.
 */
export async function admitGuests(
  topology: Topology,
  runtime: Pick<Runtime, 'postgres'>,
  postgres: Pick<PostgresReader, 'query'>,
): Promise<void> {
  const databases = Object.entries(topology.services).filter(([, {kind}]) => kind === 'postgres');
  for (const [node] of databases) {
    // Whoever makes a role may drop it, but what belongs to it only as a member that has its rights.
    for (const {name} of await postgres.query<{name: string}>(node, MADE_ROLES))
      await postgres.query(node, `grant ${name} to current_user; drop owned by ${name} cascade; drop role ${name}`);
  }
  for (const service of Object.keys(topology.services)) {
    const own = ownDatabase(topology, service);
    if (own === undefined) continue;
    const {user, password} = runtime.postgres(own);
    for (const other of othersDatabases(topology, service))
      await postgres.query(other, `create role "${user}" login password '${password}'`);
  }
}

/** Roles that this one has made: as their maker it is a member of them. */
const MADE_ROLES = `
  select format('%I', roles.rolname) as name from pg_roles roles
  where not roles.rolsuper and roles.rolname !~ '^pg_' and roles.rolname <> current_user`;
