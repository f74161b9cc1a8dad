import {createHash, randomBytes} from 'node:crypto';
import type {Queryable} from '../../kit/database.ts';
import type {CreateSessions, Refreshed, Session} from './sessions.ts';

/** A session ends after this time, however often it was refreshed. */
const SESSION_FOR = '30 days';
/** A refresh token that is not used for this long is worth nothing. */
const REFRESH_WITHIN = '7 days';
/** Two tabs with one refresh token, or a client whose answer was lost, get the same answer again for this long. */
const GRACE = '10 seconds';

/**
 * A token that was used before ends its session, since it has two owners then; but not within the grace, where its use gives the same answer
 * again. All times are the database's, which are one for all replicas.
 */
export const createSessions: CreateSessions = ({database, tokens, seal, unseal, end}) => {
  async function issue(transaction: Queryable, id: string, account: string): Promise<Session> {
    const refreshToken = randomBytes(32).toString('base64url');
    const [row] = await transaction.query<{expires_at: Date}>(
      `insert into refresh_tokens (hash, session, expires_at)
       select $1, id, least(expires_at, clock_timestamp() + interval '${REFRESH_WITHIN}') from sessions where id = $2
       returning expires_at`,
      [hashOf(refreshToken), id],
    );
    if (row === undefined) throw new Error('A session that was there is gone.');
    const access = await tokens.issue(account, id);
    return {...access, refreshToken, refreshExpiresAt: row.expires_at.toISOString()};
  }

  async function rotate(transaction: Queryable, used: string, {session, account}: TokenRow): Promise<Refreshed> {
    const next = await issue(transaction, session, account);
    const sealed = seal(JSON.stringify(next), used, session);
    await transaction.query(
      'update refresh_tokens set used_at = clock_timestamp(), sealed_answer = $2 where hash = $1',
      [hashOf(used), sealed],
    );
    return {outcome: 'refreshed', session: next};
  }

  return {
    async start(transaction, id, account) {
      await transaction.query(
        `insert into sessions (id, account, expires_at) values ($1, $2, clock_timestamp() + interval '${SESSION_FOR}')`,
        [id, account],
      );
      return issue(transaction, id, account);
    },
    async refresh(refreshToken) {
      await tokens.refreshKeys();
      return database.transaction<Refreshed>(async transaction => {
        const row = await lockToken(transaction, refreshToken);
        if (row === undefined || !row.live) return {outcome: 'refused'};
        if (row.use === 'unused') return rotate(transaction, refreshToken, row);
        const answer =
          row.use === 'just-used' && row.sealed_answer !== null
            ? unseal(row.sealed_answer, refreshToken, row.session)
            : undefined;
        if (answer !== undefined) return {outcome: 'refreshed', session: JSON.parse(answer) as Session};
        await end(transaction, row.session, 'reuse');
        return {outcome: 'reused'};
      });
    },
  };
};

interface TokenRow extends Readonly<Record<string, unknown>> {
  readonly session: string;
  readonly account: string;
  readonly live: boolean;
  readonly use: 'unused' | 'just-used' | 'used';
  readonly sealed_answer: string | null;
}

/** The lock comes with a statement of its own: what is read after it is what whoever had the session before has left. */
async function lockToken(transaction: Queryable, refreshToken: string): Promise<TokenRow | undefined> {
  const hash = hashOf(refreshToken);
  await transaction.query(
    'select 1 from sessions where id = (select session from refresh_tokens where hash = $1) for update',
    [hash],
  );
  const [row] = await transaction.query<TokenRow>(
    `select t.session, s.account, t.sealed_answer,
       s.ended_at is null and a.closed_at is null and least(s.expires_at, t.expires_at) > clock_timestamp() as live,
       case when t.used_at is null then 'unused'
            when t.used_at > clock_timestamp() - interval '${GRACE}' then 'just-used' else 'used' end as use
     from refresh_tokens t join sessions s on s.id = t.session join accounts a on a.id = s.account where t.hash = $1`,
    [hash],
  );
  return row;
}

/** The tokens are random, so that a bare hash is as good as a slow one. */
function hashOf(refreshToken: string): Buffer {
  return createHash('sha256').update(refreshToken).digest();
}
