import {type ApiOperation, type Document, follow, operationsOf} from './document.ts';
import {asArray, asObject, type Schema} from './schema.ts';
import {createValidator, type Validator} from './validate.ts';

const PROBLEM = 'application/problem+json';
const WITHOUT_CONTENT = ['204', '304'];

/** What is wrong with an OpenAPI document, one sentence each: what a client, a generator or a reader would stumble over. */
export function lintDocument(document: Document): readonly string[] {
  const operations = operationsOf(document);
  const validate = createValidator();
  return [
    ...headProblems(document),
    ...danglingReferences(document, document).map(ref => `${ref} leads nowhere`),
    ...repeated(operations.map(({id}) => id).filter(id => id !== '')).map(id => `operationId ${id} is there twice`),
    ...operations.flatMap(operation =>
      operationProblems(operation, validate).map(text => `${operation.method} ${operation.path}: ${text}`),
    ),
    ...schemeProblems(document),
  ];
}

function headProblems({openapi, info, paths}: Document): string[] {
  const {title, version} = asObject(info);
  return [
    ...(/^3\.1\.\d+$/.test(String(openapi)) ? [] : [`openapi is ${JSON.stringify(openapi)}, not 3.1.x`]),
    ...(typeof title === 'string' && typeof version === 'string' ? [] : ['info has no title or no version']),
    ...(Object.keys(asObject(paths)).length > 0 ? [] : ['no path is described']),
  ];
}

function operationProblems(operation: ApiOperation, validate: Validator): string[] {
  const {id, summary, responses} = operation;
  const statuses = Object.keys(responses);
  return [
    ...(id === '' ? ['has no operationId'] : []),
    ...(summary === '' ? ['has no summary'] : []),
    ...(statuses.some(status => /^[23]\d\d$/.test(status)) ? [] : ['no success is described']),
    ...statuses.filter(status => !/^([1-5]\d\d|[1-5]XX|default)$/.test(status)).map(status => `${status} is no status`),
    ...parameterProblems(operation),
    ...(operation.signedIn && responses['401'] === undefined ? ['wants a token and does not describe 401'] : []),
    ...(takesInput(operation) && responses['400'] === undefined ? ['takes input and does not describe 400'] : []),
    ...statuses.flatMap(status => responseProblems(status, Object.entries(responses[status]?.content ?? {}))),
    ...schemasOf(operation).flatMap(schema => schemaProblems(schema, validate)),
  ];
}

function parameterProblems({path, parameters}: ApiOperation): string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const described = parameters.filter(one => one.in === 'path').map(({name}) => name);
  return [
    ...inPath.filter(name => !described.includes(name)).map(name => `{${name}} is not described`),
    ...described.filter(name => !inPath.includes(name)).map(name => `${name} is not in the path`),
    ...parameters
      .filter(one => one.in === 'path' && !one.required)
      .map(({name}) => `${name} is in the path and not required`),
    ...parameters
      .filter(one => one.in !== 'path' && one.required && one.schema.default !== undefined)
      .map(({name}) => `${name} has a default and is required`),
    ...repeated(parameters.map(one => `${one.in} ${one.name}`)).map(name => `${name} is described twice`),
  ];
}

function responseProblems(status: string, content: readonly (readonly [string, Schema])[]): string[] {
  if (WITHOUT_CONTENT.includes(status)) return content.length === 0 ? [] : [`${status} has no content`];
  if (/^4/.test(status) && (content.length === 0 || content.some(([type]) => type !== PROBLEM)))
    return [`${status} is not described as ${PROBLEM}`];
  return content
    .filter(([, schema]) => Object.keys(schema).length === 0)
    .map(([type]) => `${status} ${type} has no schema`);
}

function schemasOf({parameters, body, responses}: ApiOperation): Schema[] {
  return [
    ...parameters.map(({schema}) => schema),
    ...(body === undefined ? [] : [body]),
    ...Object.values(responses).flatMap(({content}) => Object.values(content)),
  ];
}

function schemaProblems(schema: Schema, validate: Validator): string[] {
  try {
    validate(schema, null);
    return [];
  } catch (error) {
    return [`a schema cannot be used: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Names of security schemes that operations want and nobody describes. */
function schemeProblems(document: Document): string[] {
  const schemes = Object.keys(asObject(asObject(document.components).securitySchemes));
  const wanted = Object.values(asObject(document.paths))
    .flatMap(item => Object.values(asObject(item)))
    .flatMap(operation => asArray(asObject(operation).security))
    .flatMap(one => Object.keys(asObject(one)));
  return [...new Set(wanted)]
    .filter(name => !schemes.includes(name))
    .map(name => `security scheme ${name} is not described`);
}

function danglingReferences(document: Document, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(one => danglingReferences(document, one));
  if (typeof value !== 'object' || value === null) return [];
  const {$ref} = value as {readonly $ref?: unknown};
  if (typeof $ref === 'string') return follow(document, value) === undefined ? [$ref] : [];
  return Object.values(value).flatMap(one => danglingReferences(document, one));
}

function takesInput({parameters, body}: ApiOperation): boolean {
  return parameters.length > 0 || body !== undefined;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
