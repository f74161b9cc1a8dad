import type {FastifySchema} from 'fastify';
import type {Kit} from '../kit/service.ts';
import type {JsonSchema, OwnRequest, OwnRoute} from './seams/routes.ts';

/** Serves the routes of the module, as they describe themselves. Throws where one cannot be served. */
export function serveOwnRoutes({app}: Pick<Kit, 'app'>, routes: readonly OwnRoute[]): void {
  if (!Array.isArray(routes)) throw new TypeError('createRoutes has to return a list of routes.');
  for (const route of routes) {
    const {method, path, handle} = route;
    if (typeof path !== 'string' || !path.startsWith('/'))
      throw new TypeError(`The path ${JSON.stringify(path)} is none.`);
    if (typeof handle !== 'function') throw new TypeError(`${method} ${path} has no function \`handle\`.`);
    app.route({
      method,
      url: path,
      schema: schemaOf(route),
      config: {problems: route.problems ?? []},
      handler: async (request, reply) => {
        const answer = await handle({
          params: request.params as OwnRequest['params'],
          query: request.query as OwnRequest['query'],
          headers: request.headers as OwnRequest['headers'],
          body: request.body,
        });
        if (!Number.isInteger(answer?.status)) throw new TypeError(`${method} ${path} answered without a status.`);
        return reply
          .code(answer.status)
          .headers({...answer.headers})
          .send(answer.body ?? null);
      },
    });
  }
}

function schemaOf({summary, params, query, headers, body, answers}: OwnRoute): FastifySchema {
  return {
    summary,
    ...(params === undefined ? {} : {params}),
    ...(query === undefined ? {} : {querystring: query}),
    ...(headers === undefined ? {} : {headers}),
    ...(body === undefined ? {} : {body}),
    response: Object.fromEntries(
      Object.entries(answers ?? {})
        .filter(([, schema]) => schema !== undefined)
        .map(([status, schema]) => [status, schema ?? NOTHING]),
    ),
  };
}

const NOTHING: JsonSchema = {type: 'null'};
