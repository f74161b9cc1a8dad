import type {OwnTools} from './tools.ts';

/** JSON Schema: `{type: 'object', required: ['name'], properties: {name: {type: 'string'}}}`. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A request that was checked against the schemas of its route; what those do not mention came as it is. */
export interface OwnRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Read as the types that the schema gives them; with its defaults. */
  readonly query: Readonly<Record<string, unknown>>;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON. */
  readonly body: unknown;
}

export interface OwnAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** One operation: what it takes and answers, and how. From it comes what the service publishes at `/openapi.json`. */
export interface OwnRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With parameters as in `/v1/items/:id`. */
  readonly path: string;
  readonly summary: string;
  /** What is against one of these is answered 400 problem+json before the handler sees it. What has none is not checked. */
  readonly params?: JsonSchema | undefined;
  readonly query?: JsonSchema | undefined;
  /** Names in lower case. */
  readonly headers?: JsonSchema | undefined;
  readonly body?: JsonSchema | undefined;
  /** Answers that are no problems, by status; null: without a body. Members that a schema does not mention are not sent. */
  readonly answers: Readonly<Record<number, JsonSchema | null | undefined>>;
  /** Statuses of problems that the handler throws. Those that every service has (400, 413, 415, 503, 504) are described anyway. */
  readonly problems?: readonly number[] | undefined;
  handle(request: OwnRequest): Promise<OwnAnswer>;
}

/**
 * The API of your own service. Every replica makes its own.
 *
 * A module that replaces it exports `createRoutes`.
 */
export type CreateRoutes = (tools: OwnTools) => readonly OwnRoute[];
