import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';

/** So many failures within this time are more than a person's mistakes. */
const FAILURES = 5;
const WITHIN_SECONDS = 60;
/** Older failures are not looked at. */
const LOOK_BACK_HOURS = 24;
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

const Time = Type.String({format: 'date-time'});
const Alert = Type.Object({
  account: Type.String(),
  failures: Type.Integer({description: `Failures in the last run of ${FAILURES} or more within ${WITHIN_SECONDS} s`}),
  first: Time,
  last: Time,
});
const Alerts = Type.Object({items: Type.Array(Alert), next: Type.Union([Type.String(), Type.Null()])});
const Query = Type.Object({
  limit: Type.Integer({minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT}),
  cursor: Type.Optional(Type.String({minLength: 1, maxLength: 200})),
});

/**
 * Accounts at which somebody tried to sign in too often and failed, by account. Found from the set of failures when it is asked for, by the
 * times at which they happened: neither the order in which they came nor a repetition makes a difference.
 */
export function serveSignInAlerts(
  app: App,
  {database, clock}: Pick<Kit, 'database' | 'clock'>,
  tokens: AccessTokens,
): void {
  const schema = {
    summary: 'Repeated failed sign-ins',
    security: SIGNED_IN,
    querystring: Query,
    response: {200: Alerts},
  };
  app.get('/v1/sign-in-alerts', {schema}, async request => {
    await tokens.account(request);
    const {limit, cursor = ''} = request.query;
    const since = new Date(clock.now() - LOOK_BACK_HOURS * 3_600_000).toISOString();
    const rows = await database.query<{account: string; failures: number; first: Date; last: Date}>(
      `select distinct on (account) account, failures, first, at as last from (
         select account, at, count(*) over recent as failures, min(at) over recent as first
         from failed_sign_ins where at >= $1 and account > $2
         window recent as (partition by account order by at range between $3::interval preceding and current row)
       ) counted where failures >= $4 order by account, at desc limit $5`,
      [since, cursor, `${WITHIN_SECONDS} seconds`, FAILURES, limit + 1],
    );
    const items = rows.slice(0, limit).map(({account, failures, first, last}) => ({
      account,
      failures: Number(failures),
      first: first.toISOString(),
      last: last.toISOString(),
    }));
    return {items, next: rows.length > limit ? (items.at(-1)?.account ?? null) : null};
  });
}
