import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {composePage, PagePatience} from './compose-page.ts';
import type {ProxyTools} from './proxy.ts';
import {requireAccount} from './require-account.ts';
import type {ComposeAlerts} from './seams/compose-alerts.ts';
import {UpstreamStatusError} from './upstream-errors.ts';

/** As many names as identity tells at once. */
const LIMIT_MAX = 100;
const LIMIT_DEFAULT = 50;

const Time = Type.String({format: 'date-time'});
const Alert = Type.Object({
  account: Type.String(),
  name: Type.Union([Type.String(), Type.Null()], {
    description: 'Null where the account is not open any more, or names are missing',
  }),
  failures: Type.Integer(),
  first: Time,
  last: Time,
});
const Page = Type.Object({
  missing: Type.Array(Type.Literal('names')),
  items: Type.Array(Alert),
  next: Type.Union([Type.String(), Type.Null()]),
});
const Query = Type.Object({
  limit: Type.Integer({minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT}),
  cursor: Type.Optional(Type.String({minLength: 1, maxLength: 200})),
});

/** Only stream can tell whether a cursor is one of its own; that it is not is the caller's mistake, and not stream's. */
function refuseCursor(error: unknown): never {
  if (error instanceof UpstreamStatusError && error.status === 400)
    throw new Problem({status: 400, detail: 'The cursor is none that this list has given out.'});
  throw error;
}

/** `GET /v1/sign-in-alerts`: stream's alerts, with the names that identity has of their accounts, where the caller may see them. */
export function serveAlerts(app: App, compose: ComposeAlerts, tools: ProxyTools): void {
  const schema = {
    summary: 'Accounts at which sign-ins keep failing, by name',
    tags: ['gateway'],
    security: SIGNED_IN,
    headers: PagePatience,
    querystring: Query,
    response: {200: Page},
  };
  const onRequest = [requireAccount(tools.tokens)];
  app.get('/v1/sign-in-alerts', {config: {problems: [502]}, schema, onRequest}, (request, reply) =>
    composePage(request, reply, tools, async (patienceMs, calls) => {
      const {limit, cursor} = request.query;
      const {items, next, missing} = await compose({limit, cursor, patienceMs}, calls).catch(refuseCursor);
      return {items: [...items], next, missing: [...missing]};
    }),
  );
}
