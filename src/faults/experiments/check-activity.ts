import type {CheckOptions} from './check-experiment.ts';
import {checkLabProvider} from './check-lab-provider.ts';
import {checkTolerance} from './check-tolerance.ts';
import type {Activity, HttpProvider, ProcessProvider, Provider, Tolerance} from './experiment.ts';
import {isRecord, kindOf, type Mistakes, type Path} from './mistakes.ts';
import {readDuration} from './quantities.ts';

export interface ActivityContext extends CheckOptions {
  readonly mistakes: Mistakes;
  readonly where: 'hypothesis' | 'method' | 'rollbacks';
  /** Names of the method's activities. */
  readonly names: readonly string[];
}

const KEYS = [
  'type',
  'name',
  'provider',
  'background',
  'pauses',
  'tolerance',
  'at',
  'for',
  'controls',
  'secrets',
  'configuration',
] as const;
const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const PROVIDERS = ['http', 'process', 'teralab'] as const;

export function checkActivities(raw: unknown, path: Path, context: ActivityContext): readonly Activity[] {
  const owner = path.at(-1) === 'probes' ? 'The list of probes' : `The ${String(path.at(-1))}`;
  return context.mistakes
    .list(raw, path, owner)
    .flatMap((each, index) => checkActivity(each, [...path, index], context) ?? []);
}

function checkActivity(raw: unknown, path: Path, context: ActivityContext): Activity | undefined {
  const {mistakes, where} = context;
  const record = mistakes.record(raw, path, 'An activity');
  if (record === undefined) return undefined;
  if ('ref' in record)
    return mistakes.add(
      [...path, 'ref'],
      'References to other activities are not supported: write the activity out, or use a YAML anchor.',
      'key',
    );
  mistakes.unknownKeys(record, path, KEYS, 'An activity');
  const at = (key: string): Path => (key in record ? [...path, key] : path);
  const type = mistakes.choice(record.type, at('type'), 'The type of an activity', ['action', 'probe']);
  const name = mistakes.text(record.name, at('name'), 'The name of an activity');
  if (where === 'hypothesis' && type === 'action')
    mistakes.add(at('type'), 'A hypothesis has probes, no actions: it changes nothing.');
  if (record.background !== undefined && typeof record.background !== 'boolean')
    mistakes.add(at('background'), `"background" is true or false, not ${kindOf(record.background)}.`);
  for (const key of ['at', 'for', 'background'] as const)
    if (where !== 'method' && record[key] !== undefined && !(key === 'background' && where === 'rollbacks'))
      mistakes.add(at(key), `"${key}" is for activities of the method.`, 'key');
  const provider = checkProvider(record, path, type, context);
  const tolerance = toleranceOf(record, path, provider, context);
  const pauses = checkPauses(record.pauses, at('pauses'), mistakes);
  const atMs = record.at === undefined ? undefined : readDuration(record.at, 1000);
  if (record.at !== undefined && atMs === undefined)
    mistakes.add(at('at'), `"at" is when it begins after the method did, like 5s, not ${kindOf(record.at)}.`);
  if (type === undefined || name === undefined || provider === undefined) return undefined;
  return {
    type,
    name,
    provider,
    background: record.background === true,
    pauses,
    atMs,
    tolerance,
    source: {provider: isRecord(record.provider) ? record.provider : {}, tolerance: record.tolerance},
  };
}

function toleranceOf(
  record: Readonly<Record<string, unknown>>,
  path: Path,
  provider: Provider | undefined,
  context: ActivityContext,
): Tolerance | undefined {
  const {mistakes, where} = context;
  if (record.tolerance !== undefined) {
    if (record.type === 'action') return mistakes.add([...path, 'tolerance'], 'Only probes have a tolerance.', 'key');
    return checkTolerance(record.tolerance, [...path, 'tolerance'], mistakes, (raw, at) =>
      checkPlainProvider(raw, at, context),
    );
  }
  const judgesItself =
    provider?.type === 'teralab' && provider.does === 'probe' && ['slo', 'status'].includes(provider.probe.kind);
  if (where === 'hypothesis' && record.type === 'probe' && provider !== undefined && !judgesItself)
    mistakes.add(path, 'A probe of the hypothesis has a "tolerance": what its output has to be.');
  if (!judgesItself) return undefined;
  return provider.probe.kind === 'slo'
    ? {kind: 'jsonpath', path: '$.met', target: undefined, count: undefined, expect: [true]}
    : {kind: 'equals', value: 'ready'};
}

function checkPauses(raw: unknown, path: Path, mistakes: Mistakes): Activity['pauses'] {
  const none = {beforeMs: 0, afterMs: 0};
  if (raw === undefined || raw === null) return none;
  const record = mistakes.record(raw, path, '"pauses"');
  if (record === undefined) return none;
  mistakes.unknownKeys(record, path, ['before', 'after'], '"pauses"');
  const read = (key: 'before' | 'after'): number => {
    if (record[key] === undefined) return 0;
    const ms = readDuration(record[key], 1000);
    if (ms === undefined)
      mistakes.add(
        [...path, key],
        `A pause is a number of seconds, or a duration like 500ms, not ${kindOf(record[key])}.`,
      );
    return ms ?? 0;
  };
  return {beforeMs: read('before'), afterMs: read('after')};
}

function checkProvider(
  activity: Readonly<Record<string, unknown>>,
  path: Path,
  type: Activity['type'] | undefined,
  context: ActivityContext,
): Provider | undefined {
  const {mistakes, names} = context;
  const at = 'provider' in activity ? [...path, 'provider'] : path;
  const record = mistakes.record(activity.provider, at, 'The provider of an activity');
  if (record === undefined) return undefined;
  if (record.type !== 'teralab') {
    if (activity.for !== undefined)
      mistakes.add([...path, 'for'], '"for" is how long a fault or a load lasts; this is neither.', 'key');
    return checkPlainProvider(record, at, context);
  }
  return checkLabProvider(record, at, {mistakes, names, type, activityFor: activity.for, activityPath: path});
}

/** One that Chaos Toolkit's core has as well. */
function checkPlainProvider(
  raw: unknown,
  path: Path,
  context: ActivityContext,
): HttpProvider | ProcessProvider | undefined {
  const {mistakes} = context;
  const record = mistakes.record(raw, path, 'A provider');
  if (record === undefined) return undefined;
  const at = (key: string): Path => (key in record ? [...path, key] : path);
  if (record.type === 'python')
    return mistakes.add(
      at('type'),
      'teralab runs no Python: use "http", "process" (which can start Python) or "teralab".',
    );
  const type = mistakes.choice(record.type, at('type'), 'The type of a provider', PROVIDERS);
  if (type === 'http') return checkHttp(record, path, mistakes);
  if (type === 'process') return checkProcess(record, path, context);
  return type === undefined ? undefined : mistakes.add(at('type'), 'A tolerance asks "http" or "process".');
}

function checkHttp(
  record: Readonly<Record<string, unknown>>,
  path: Path,
  mistakes: Mistakes,
): HttpProvider | undefined {
  const at = (key: string): Path => (key in record ? [...path, key] : path);
  mistakes.unknownKeys(
    record,
    path,
    [
      'type',
      'url',
      'method',
      'headers',
      'arguments',
      'expected_status',
      'timeout',
      'verify_tls',
      'secrets',
      'max_retries',
    ],
    'The provider "http"',
  );
  const url = mistakes.text(record.url, at('url'), 'The URL');
  if (url !== undefined && !url.includes('$') && !isHttpUrl(url))
    mistakes.add(at('url'), `The URL begins with http:// or https://, and ${kindOf(url)} is none.`);
  const rawMethod = typeof record.method === 'string' ? record.method.toUpperCase() : record.method;
  const method = rawMethod === undefined ? 'GET' : mistakes.choice(rawMethod, at('method'), 'The method', HTTP_METHODS);
  const headers =
    record.headers === undefined || record.headers === null
      ? {}
      : mistakes.record(record.headers, at('headers'), 'The headers');
  for (const [name, value] of Object.entries(headers ?? {}))
    if (typeof value === 'object' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      mistakes.add([...path, 'headers', name], 'A header is a name and a text.');
  const statuses = record.expected_status === undefined ? undefined : [record.expected_status].flat();
  const isStatus = (status: unknown): status is number =>
    Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599;
  if (statuses !== undefined && !statuses.every(isStatus))
    mistakes.add(at('expected_status'), 'The expected status is a number like 200, or a list of them.');
  const timeoutMs = checkTimeout(record, path, mistakes);
  if (url === undefined || method === undefined || headers === undefined) return undefined;
  return {
    type: 'http',
    url,
    method,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    arguments: record.arguments ?? undefined,
    expectedStatus: statuses?.filter(isStatus),
    timeoutMs,
    verifyTls: record.verify_tls !== false,
  };
}

function checkProcess(
  record: Readonly<Record<string, unknown>>,
  path: Path,
  {mistakes, canRun}: ActivityContext,
): ProcessProvider | undefined {
  const at = (key: string): Path => (key in record ? [...path, key] : path);
  mistakes.unknownKeys(record, path, ['type', 'path', 'arguments', 'timeout', 'secrets'], 'The provider "process"');
  const program = mistakes.text(record.path, at('path'), 'The path of a process');
  if (program !== undefined && !program.includes('$') && !canRun(program))
    mistakes.add(at('path'), `There is no program ${kindOf(program).replace('the text ', '')} that can be run.`);
  const given = record.arguments ?? [];
  if (typeof given !== 'string' && !Array.isArray(given) && !isRecord(given))
    mistakes.add(at('arguments'), `Arguments are a list, a mapping or a command line, not ${kindOf(given)}.`);
  const timeoutMs = checkTimeout(record, path, mistakes);
  if (program === undefined) return undefined;
  return {type: 'process', path: program, arguments: given as ProcessProvider['arguments'], timeoutMs};
}

/** Seconds, as Chaos Toolkit has them; a list is that of `requests`: to connect, and to answer. */
function checkTimeout(record: Readonly<Record<string, unknown>>, path: Path, mistakes: Mistakes): number | undefined {
  const raw = record.timeout;
  if (raw === undefined || raw === null) return undefined;
  const parts = [raw].flat().map(each => readDuration(each, 1000));
  if (parts.length > 0 && parts.every(each => each !== undefined && each > 0))
    return parts.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  return mistakes.add(
    [...path, 'timeout'],
    `A timeout is a number of seconds, or a duration like 500ms, not ${kindOf(raw)}.`,
  );
}

function isHttpUrl(url: string): boolean {
  try {
    return /^https?:$/.test(new URL(url).protocol);
  } catch {
    return false;
  }
}
