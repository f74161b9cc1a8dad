import type {ApiDocument, ApiOperation} from '../kit/api-document.ts';
import {documentPath} from '../kit/api-document.ts';
import type {CompleteDescription} from '../kit/openapi.ts';
import type {Kit} from '../kit/service.ts';
import type {Route} from './seams/routes.ts';

/** What a service says of itself is asked again after this time. */
const FRESH_MS = 10_000;
const ANSWER_WITHIN_MS = 1_500;

interface Kept {
  readonly document: ApiDocument;
  readonly at: number;
}

/**
 * Describes the routes of the table as those behind them describe themselves: what they take and answer is theirs to say, and a copy kept
 * here would be wrong with their next release. A service that is away is described as it was last, or by what the table says of it.
 */
export function describeRoutes(
  {clock, links, log}: Pick<Kit, 'clock' | 'links' | 'log'>,
  routes: readonly Route[],
): CompleteDescription {
  const kept = new Map<string, Kept>();

  async function documentOf(service: string): Promise<ApiDocument | undefined> {
    const known = kept.get(service);
    if (known !== undefined && clock.monotonic() - known.at < FRESH_MS) return known.document;
    try {
      const document = await fetchDocument(links, service);
      kept.set(service, {document, at: clock.monotonic()});
      return document;
    } catch (error) {
      log.warn({err: error, service}, 'what is behind the gateway cannot be described');
      return known?.document;
    }
  }

  return async own => {
    const services = [...new Set(routes.map(({service}) => service))];
    const documents = new Map(
      await Promise.all(services.map(async service => [service, await documentOf(service)] as const)),
    );
    const paths = structuredClone(own.paths) as Record<string, Record<string, ApiOperation>>;
    let schemas = own.components?.schemas ?? {};
    for (const {method, path, service} of routes) {
      const [at, verb] = [documentPath(path), method.toLowerCase()];
      const [mine, theirs] = [paths[at]?.[verb], documents.get(service)?.paths[at]?.[verb]];
      if (mine === undefined || theirs === undefined) continue;
      Object.assign(paths[at] ?? {}, {[verb]: joined(mine, theirs)});
      schemas = {...documents.get(service)?.components?.schemas, ...schemas};
    }
    return {...own, paths, components: {...own.components, schemas}};
  };
}

/** What it takes is theirs to say, but for headers that are for the gateway alone; who may send it is mine; either may answer. */
function joined(mine: ApiOperation, theirs: ApiOperation): ApiOperation {
  const {parameters: taken = [], requestBody} = theirs;
  const own = (mine.parameters ?? []).filter(
    ({name, in: where}) => where === 'header' && !taken.some(other => other.in === where && other.name === name),
  );
  const parameters = [...taken, ...own];
  return {
    ...mine,
    ...(parameters.length === 0 ? {} : {parameters}),
    ...(requestBody === undefined ? {} : {requestBody}),
    responses: {...problemsOf(mine), ...theirs.responses},
  };
}

/** The gateway's own answer of a route that it passes on is none. */
function problemsOf({responses = {}}: ApiOperation): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(responses).filter(([status]) => !/^2/.test(status)));
}

async function fetchDocument(links: Kit['links'], service: string): Promise<ApiDocument> {
  const {status, body} = await links.request(service, {
    method: 'GET',
    path: '/openapi.json',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (status === 200) {
    const document = (await body.json()) as ApiDocument;
    if (typeof document?.paths === 'object' && document.paths !== null) return document;
    throw new Error(`${service} described no paths.`);
  }
  body.destroy();
  throw new Error(`${service} answered ${status} when it was asked for its description.`);
}
