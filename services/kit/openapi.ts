import fastify, {type FastifySchema, type RouteOptions} from 'fastify';
import {PROBLEM_TYPE} from './problem.ts';
import type {App} from './server.ts';

/**
 * Serves the description of all routes at `/openapi.json`. Nobody asks for it when the service starts: until somebody does, routes are
 * only remembered, and what makes a document of them is not even loaded.
 */
export function describeOnDemand(app: App, title: string): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', ({method, url, schema}) => {
    routes.push({method, url, ...(schema === undefined ? {} : {schema}), handler: () => undefined});
  });
  let document: Promise<object> | undefined;
  app.get('/openapi.json', {schema: {hide: true}}, () => {
    document ??= describe(routes, title);
    return document;
  });
}

/** The routes once more, in an app that nobody can reach and that only describes itself. */
async function describe(routes: readonly RouteOptions[], title: string): Promise<object> {
  const {default: swagger} = await import('@fastify/swagger');
  const app = fastify({exposeHeadRoutes: false});
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => () => '');
  const components = {securitySchemes: {bearer: {type: 'http', scheme: 'bearer', bearerFormat: 'JWT'}}} as const;
  await app.register(swagger, {
    openapi: {openapi: '3.1.0', info: {title, version: '1'}, components},
    transform: ({schema, url}) => ({schema: withProblems(schema), url}),
  });
  for (const route of routes) app.route(route);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

/** Whatever is not answered as described is answered with a problem. */
function withProblems(schema: FastifySchema | undefined): FastifySchema {
  const described = (schema?.response ?? {200: {description: 'Default Response'}}) as Readonly<Record<string, unknown>>;
  return {...schema, response: {...described, default: PROBLEM}};
}

const PROBLEM = {
  description: 'A problem (RFC 9457)',
  content: {
    [PROBLEM_TYPE]: {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'detail'],
        properties: {
          type: {type: 'string'},
          title: {type: 'string'},
          status: {type: 'integer'},
          detail: {type: 'string'},
        },
      },
    },
  },
};
