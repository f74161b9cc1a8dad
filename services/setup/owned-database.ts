import {randomBytes} from 'node:crypto';
import {openServer, type Server} from './server.ts';

/** A database that one role alone gets into. */
export interface OwnedDatabase {
  readonly name: string;
  /** With the role's password. */
  readonly url: string;
}

/**
 * Makes a database and a role of this name, where they are not there yet: the role owns it, nobody else may connect to it, and it may connect to no other
 * one of these. The role gets a new password each time, because nobody can read the old one.
 */
export async function makeOwnedDatabase(server: Server, name: string): Promise<OwnedDatabase> {
  const password = randomBytes(24).toString('base64url');
  const role = `"${name}"`;
  const [there] = await server.query<{role: boolean; super: boolean; database: boolean}>(
    `select exists (select from pg_roles where rolname = $1) as role,
       exists (select from pg_roles where rolname = $1 and (rolsuper or rolcreaterole or rolcreatedb)) as super,
       exists (select from pg_database where datname = $1) as database`,
    [name],
  );
  if (there?.super === true) throw new Error(`The role ${name} is there already and has power over the whole server.`);
  if (there?.role !== true) await server.query(`create role ${role} login`);
  // base64url needs no quoting.
  await server.query(`alter role ${role} password '${password}'`);
  if (there?.database !== true) {
    // Who is no superuser may give a database only to a role that it is a member of.
    await server.query(`grant ${role} to current_user`);
    await server.query(`create database ${role} owner ${role}`);
  }
  const url = server.urlOf(name, {name, password});
  await closeToOthers(url, role);
  return {name, url};
}

/** As the owner. Older versions of Postgres let everybody make tables in the schema `public`. */
async function closeToOthers(url: string, role: string): Promise<void> {
  await using database = await openServer(url);
  await database.query(`revoke all on database ${role} from public`);
  await database.query('revoke all on schema public from public');
}
