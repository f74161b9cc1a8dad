import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {composePage, PagePatience} from './compose-page.ts';
import type {ProxyTools} from './proxy.ts';
import {requireAccount} from './require-account.ts';
import type {Compose} from './seams/compose.ts';

const PARTS = 3;

const Part = Type.Union([Type.Literal('account'), Type.Literal('activity'), Type.Literal('windows')]);
const Page = Type.Object({
  account: Type.Unknown(),
  activity: Type.Unknown(),
  windows: Type.Unknown(),
  missing: Type.Array(Part),
});

/** `GET /v1/dashboard`: one page from several services, with what could be had within the caller's patience (`x-patience-ms`). */
export function serveDashboard(app: App, compose: Compose, tools: ProxyTools): void {
  const schema = {
    summary: 'Account, activity and windows on one page',
    tags: ['gateway'],
    security: SIGNED_IN,
    headers: PagePatience,
    response: {200: Page},
  };
  const onRequest = [requireAccount(tools.tokens)];
  app.get('/v1/dashboard', {config: {problems: [502]}, schema, onRequest}, (request, reply) =>
    composePage(request, reply, tools, async (patienceMs, calls) => {
      const page = await compose({account: request.account, patienceMs}, calls);
      if (page.missing.length >= PARTS) throw nothingToShow();
      return {...page, missing: [...page.missing]};
    }),
  );
}

function nothingToShow(): Problem {
  const detail = 'No part of the page can be had at the moment.';
  return new Problem({status: 503, kind: 'nothing-to-show', detail, headers: {'retry-after': '1'}});
}
