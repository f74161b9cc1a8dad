import fastify, {type RouteOptions} from 'fastify';
import {type ApiDocument, documentPath} from './api-document.ts';
import {describeOperation, PROBLEM_SCHEMA, type RouteFacts} from './describe-operation.ts';
import type {App} from './server.ts';

/** What a service adds to its own description, such as what it passes on. It is asked each time. */
export type CompleteDescription = (document: ApiDocument) => Promise<ApiDocument>;

/**
 * Serves the description of all routes at `/openapi.json`. Nobody asks for it when the service starts: until somebody does, routes are
 * only remembered, and what makes a document of them is not even loaded.
 */
export function describeOnDemand(app: App, title: string, complete: CompleteDescription): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', ({method, url, schema, config}) => {
    if (method === 'HEAD') return;
    const described = {...(schema === undefined ? {} : {schema}), ...(config === undefined ? {} : {config})};
    routes.push({method, url, ...described, handler: () => undefined});
  });
  let document: Promise<ApiDocument> | undefined;
  app.get('/openapi.json', {schema: {hide: true}}, async () => {
    document ??= describe(routes, title);
    return complete(await document);
  });
}

/** The routes once more, in an app that nobody can reach and that only describes itself. */
async function describe(routes: readonly RouteOptions[], title: string): Promise<ApiDocument> {
  const {default: swagger} = await import('@fastify/swagger');
  const app = fastify({exposeHeadRoutes: false});
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => () => '');
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {title, version: '1', description: `The API of ${title}, as the running service has it.`},
      servers: [{url: '/'}],
      components: {securitySchemes: {bearer: {type: 'http', scheme: 'bearer', bearerFormat: 'JWT'}}},
    },
  });
  for (const route of routes) app.route(route);
  await app.ready();
  const document = app.swagger() as unknown as ApiDocument;
  await app.close();
  return withProblems(document, routes.map(factsOf));
}

function withProblems(document: ApiDocument, facts: readonly RouteFacts[]): ApiDocument {
  const paths = Object.entries(document.paths).map(([path, operations]) => {
    const described = Object.entries(operations).map(([method, operation]) => {
      const found = facts.find(one => one.path === path && one.method.toLowerCase() === method);
      return [method, describeOperation(operation, found ?? {method, path, problems: [], probe: false})];
    });
    return [path, Object.fromEntries(described)];
  });
  const schemas = {...document.components?.schemas, Problem: PROBLEM_SCHEMA};
  return {...document, paths: Object.fromEntries(paths), components: {...document.components, schemas}};
}

function factsOf({method, url, config}: RouteOptions): RouteFacts {
  const {problems = [], probe = false} = config ?? {};
  return {method: String(method), path: documentPath(url), problems, probe};
}
