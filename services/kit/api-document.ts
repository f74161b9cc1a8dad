/** As much of an OpenAPI 3.1 document as is worked with here; what else is in it stays as it is. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly paths: Readonly<Record<string, ApiPath>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [more: string]: unknown;
}

/** Operations by method, in lower case. */
export type ApiPath = Readonly<Record<string, ApiOperation>>;

export interface ApiOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: {readonly content?: Readonly<Record<string, {readonly schema?: unknown}>>};
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly security?: readonly unknown[];
  readonly [more: string]: unknown;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: {readonly default?: unknown};
  readonly [more: string]: unknown;
}

/** How a path of fastify's is written in a document: `/v1/accounts/:id` is `/v1/accounts/{id}`. */
export function documentPath(path: string): string {
  return path.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
}

/** `GET /v1/accounts/{id}/roles` is `getAccountsByIdRoles`: unique, since method and path are. */
export function operationIdOf(method: string, path: string): string {
  const words = path
    .replace(/^\/v1\//, '/')
    .replace(/\{(\w+)\}/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter(word => word !== '');
  return [method.toLowerCase(), ...words.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}
