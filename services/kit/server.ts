import type {Socket} from 'node:net';
import type {TypeBoxTypeProvider} from '@fastify/type-provider-typebox';
import Ajv, {type ErrorObject, type Options, type ValidateFunction} from 'ajv';
import addFormats from 'ajv-formats';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import type {Clock} from './clock.ts';
import {carryContext} from './hop.ts';
import type {Logger} from './logger.ts';
import {type CompleteDescription, describeOnDemand} from './openapi.ts';
import {PROBLEM_TYPE, Problem, problemDocument} from './problem.ts';
import {answerProblem} from './problem-answers.ts';
import type {RequestContexts} from './request-context.ts';
import type {Telemetry} from './telemetry/telemetry.ts';

/** Fastify with typebox schemas: `import {Type} from 'typebox'`. Validation, problems, trace context and deadlines are set up. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ServerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly contexts: RequestContexts;
  /** Whether requests are taken yet; until then they are answered 503. */
  readonly started: () => boolean;
  readonly draining: AbortSignal;
  readonly telemetry: Telemetry;
  /** Default: the description is what its own routes say. */
  readonly completeDescription?: CompleteDescription;
}

const BODY_BYTES_MAX = 1_048_576;
const PARAMETER_MAX = 8_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** An HTTP server that speaks JSON and problem+json, describes itself at `/openapi.json`, and honours deadlines and trace context. */
export async function createServer(options: ServerOptions): Promise<App> {
  const {name, log, contexts, clock, telemetry, started, draining} = options;
  const {completeDescription = async document => document} = options;
  const app: App = fastify({
    bodyLimit: BODY_BYTES_MAX,
    // How long a parameter may be is its schema's to say: else a long one would not be refused, but found nowhere.
    routerOptions: {maxParamLength: PARAMETER_MAX},
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // A draining service serves what still reaches it over open connections, and closes those.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseGarbage(error, socket),
    frameworkErrors: (error, _request, reply) => void answerProblem(error, reply, log),
  }).withTypeProvider<TypeBoxTypeProvider>();
  const compile = createValidators();
  app.setValidatorCompiler(({schema, httpPart}) =>
    httpPart === 'body' ? compile.body(schema as object) : compile.text(schema as object),
  );
  // Else a text body would pass for JSON's type "string".
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, _request, reply) => answerProblem(error, reply, log));
  app.setNotFoundHandler((request, reply) => {
    const detail = `There is no ${request.method} ${request.url.split('?')[0]} here.`;
    return answerProblem(new Problem({status: 404, detail}), reply, log);
  });
  carryContext(app, {contexts, clock, log, started, draining, telemetry});
  describeOnDemand(app, name, completeDescription);
  return app;
}

/** A body means what it says; parameters, query and headers are text and are read as the schema's types. */
function createValidators(): Record<'body' | 'text', (schema: object) => Validate> {
  // The schemas are the services' own and typed. Compiling the schema of schemas, to check them by it, would take half of the start.
  const trusted: Options = {meta: false, validateSchema: false};
  const common: Options = {...trusted, useDefaults: true, removeAdditional: false, strict: false, allErrors: false};
  return {body: compiler(common), text: compiler({...common, coerceTypes: 'array'})};
}

/** As fastify calls it: `errors` are those of the last call. */
interface Validate {
  (data: unknown): boolean;
  errors?: ErrorObject[] | null;
}

/** Schemas are compiled by the first request that needs them: a service that starts should not pay for all of them at once. */
function compiler(options: Options): (schema: object) => Validate {
  let ajv: Ajv | undefined;
  const compile = (schema: object): ValidateFunction => {
    ajv ??= addFormats(new Ajv(options), ['uuid', 'date-time', 'date', 'uri', 'email']);
    return ajv.compile(schema);
  };
  return schema => {
    let compiled: ValidateFunction | undefined;
    const validate: Validate = data => {
      compiled ??= compile(schema);
      const isValid = compiled(data);
      validate.errors = compiled.errors ?? null;
      return isValid;
    };
    return validate;
  };
}

/** What is not HTTP never becomes a request; it is answered on the bare socket. */
function refuseGarbage(error: Error & {code?: string}, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = GARBAGE[error.code ?? ''] ?? [400, 'Bad Request'];
  const body = problemDocument(
    new Problem({status, detail: 'The request is not valid HTTP or did not arrive in time.'}),
  );
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const GARBAGE: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};
