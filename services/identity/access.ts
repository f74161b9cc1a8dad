import {timingSafeEqual} from 'node:crypto';
import type {Database} from '../kit/database.ts';
import {Problem} from '../kit/problem.ts';
import {unauthorized} from '../kit/verify-access-token.ts';
import {type Permission, type Role, rolesPermit} from './permissions.ts';
import {deriveKey} from './seal.ts';
import type {Tokens} from './tokens.ts';

/** Who is signed in, as the database has it now. */
export interface Caller {
  readonly account: string;
  readonly session: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly roles: readonly Role[];
}

/** Who may do what. It is looked up for each request: what ended, was closed or taken away counts at once. */
export interface Access {
  /** Throws a problem 401. */
  signedIn(authorization: string | undefined): Promise<Caller>;
  /**
   * The account that has the permission, or `operator`. Throws a problem 401 for who is not known, 403 for who is and may not.
   *
   * The operator shows `Authorization: Operator <key>`, with the key that follows from the session's secret (see {@link operatorKey}):
   * so the first role is granted. The gateway passes no such header on.
   */
  permitted(authorization: string | undefined, permission: Permission): Promise<string>;
}

export function createAccess({
  database,
  tokens,
  secret,
}: {
  readonly database: Database;
  readonly tokens: Tokens;
  readonly secret: string;
}): Access {
  const operator = Buffer.from(operatorKey(secret));

  async function signedIn(authorization: string | undefined): Promise<Caller> {
    const {account, session} = await tokens.verify(authorization);
    const [row] = await database.query<{name: string; created_at: Date; roles: Role[]}>(
      `select a.name, a.created_at, array(select role from account_roles where account = a.id order by role) as roles
       from accounts a join sessions s on s.account = a.id
       where a.id = $1 and s.id = $2 and a.closed_at is null and s.ended_at is null`,
      [account, session],
    );
    if (row === undefined) throw unauthorized('The session of this token has ended.');
    return {account, session, name: row.name, createdAt: row.created_at, roles: row.roles};
  }

  return {
    signedIn,
    async permitted(authorization, permission) {
      const [, given] = /^Operator +([\w-]+)$/i.exec(authorization ?? '') ?? [];
      if (given !== undefined) {
        if (isSame(Buffer.from(given), operator)) return 'operator';
        throw unauthorized('The key of the operator is wrong.');
      }
      const {account, roles} = await signedIn(authorization);
      if (rolesPermit(roles, permission)) return account;
      throw new Problem({status: 403, kind: 'not-permitted', detail: `This needs the permission ${permission}.`});
    },
  };
}

/** HKDF-SHA-256 of SESSION_SECRET with the info `identity: operator`, 32 bytes in base64url: the secret itself is never sent. */
export function operatorKey(secret: string): string {
  return deriveKey(secret, 'operator').toString('base64url');
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
