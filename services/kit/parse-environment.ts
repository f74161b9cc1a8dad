import type {Instance} from './links.ts';
import {BROKER_PROTOCOLS} from './open-broker.ts';
import type {OtlpTarget} from './telemetry/exporter.ts';

/** A service's configuration, as validated at start. */
export interface Environment {
  readonly nodeName: string;
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | undefined;
  /** Databases of others, by node. */
  readonly otherDatabases: Readonly<Record<string, string>>;
  readonly databasePoolMax: number;
  readonly brokerUrl: string | undefined;
  /** What these links lead to. */
  readonly databaseNode: string;
  readonly brokerNode: string;
  readonly links: Readonly<Record<string, readonly Instance[]>>;
  readonly seams: Readonly<Record<string, string>>;
  /** Empty where nobody tells releases apart. */
  readonly release: string;
  readonly profile: 'lab' | 'production';
  readonly sessionSecret: string | undefined;
  readonly logLevel: LogLevel;
  readonly controlFd: ControlFd | undefined;
  /** Where settings are kept. */
  readonly settingsFolder: string | undefined;
  /** Where telemetry goes; undefined: there is none. */
  readonly otlp: OtlpTarget | undefined;
}

/** Where the control channel is: a descriptor for both directions, or commands on stdin and reports on stderr. */
export type ControlFd = number | 'stdio';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A wrong value in the environment. Its message names the variable and never repeats a value that may be secret. */
export class ConfigurationError extends Error {}

type Raw = Readonly<Record<string, string | undefined>>;

/** Validates the environment (see environment.ts). Throws a {@link ConfigurationError} for the first wrong value. */
export function parseEnvironment(
  raw: Raw,
  service: {readonly name: string; readonly needsDatabase: boolean},
): Environment {
  const databaseUrl = postgresUrl(raw, 'DATABASE_URL');
  if (service.needsDatabase && databaseUrl === undefined)
    throw new ConfigurationError(`DATABASE_URL is missing: ${service.name} needs a database.`);
  return {
    nodeName: text(raw, 'NODE_NAME') ?? service.name,
    host: text(raw, 'HOST') ?? '127.0.0.1',
    port: integer(raw, 'PORT', {least: 0, most: 65_535}) ?? 8_080,
    databaseUrl,
    otherDatabases: otherDatabases(raw),
    databasePoolMax: integer(raw, 'DATABASE_POOL_MAX', {least: 1, most: 1_000}) ?? 10,
    brokerUrl: brokerUrl(raw, 'BROKER_URL'),
    databaseNode: text(raw, 'DATABASE_NODE') ?? 'database',
    brokerNode: text(raw, 'BROKER_NODE') ?? 'broker',
    links: parseLinks(raw),
    seams: parseSeams(raw),
    release: text(raw, 'RELEASE') ?? '',
    profile: oneOf(raw, 'PROFILE', ['lab', 'production']) ?? 'production',
    sessionSecret: text(raw, 'SESSION_SECRET'),
    logLevel: oneOf(raw, 'LOG_LEVEL', LOG_LEVELS) ?? 'info',
    controlFd: controlFd(raw),
    settingsFolder: text(raw, 'SETTINGS_FOLDER'),
    otlp: otlpTarget(raw),
  };
}

/** The control channel is wanted before the rest is known to be valid: it tells what is wrong. */
export function controlFd(raw: Raw): ControlFd | undefined {
  if (text(raw, 'CONTROL_FD') === 'stdio') return 'stdio';
  return integer(raw, 'CONTROL_FD', {least: 3, most: 1_023});
}

function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  return value === undefined || value === '' ? undefined : value;
}

function integer(raw: Raw, name: string, {least, most}: {least: number; most: number}): number | undefined {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new ConfigurationError(`${name} must be a whole number from ${least} to ${most}, not "${value}".`);
  return number;
}

function oneOf<const T extends string>(raw: Raw, name: string, values: readonly T[]): T | undefined {
  const value = text(raw, name);
  const found = values.find(candidate => candidate === value);
  if (value !== undefined && found === undefined)
    throw new ConfigurationError(`${name} must be one of ${values.join(', ')}, not "${value}".`);
  return found;
}

function postgresUrl(raw: Raw, name: string): string | undefined {
  const value = text(raw, name);
  if (value !== undefined && !isUrl(value, ['postgres:', 'postgresql:']))
    throw new ConfigurationError(`${name} must be a postgres:// URL.`);
  return value;
}

function otherDatabases(raw: Raw): Environment['otherDatabases'] {
  const databases = jsonObject(raw, 'OTHER_DATABASES');
  for (const [node, url] of Object.entries(databases)) {
    if (typeof url !== 'string' || !isUrl(url, ['postgres:', 'postgresql:']))
      throw new ConfigurationError(`OTHER_DATABASES.${node} must be a postgres:// URL.`);
  }
  return databases as Environment['otherDatabases'];
}

function brokerUrl(raw: Raw, name: string): string | undefined {
  const value = text(raw, name);
  if (value !== undefined && !isUrl(value, BROKER_PROTOCOLS))
    throw new ConfigurationError(`${name} must be a postgres:// or nats:// URL.`);
  return value;
}

function otlpTarget(raw: Raw): OtlpTarget | undefined {
  const endpoint = text(raw, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === undefined) return undefined;
  if (!isUrl(endpoint, ['http:', 'https:']))
    throw new ConfigurationError('OTEL_EXPORTER_OTLP_ENDPOINT must be an http:// or https:// URL.');
  const pairs = (text(raw, 'OTEL_EXPORTER_OTLP_HEADERS') ?? '').split(',').filter(pair => pair.trim() !== '');
  return {endpoint, headers: Object.fromEntries(pairs.map(readHeader))};
}

function readHeader(pair: string): readonly [string, string] {
  const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/.exec(pair) ?? [];
  try {
    const decoded = decodeURIComponent(value?.trim() ?? '');
    if (name !== undefined && /^[\x20-\x7e]+$/.test(decoded)) return [name.toLowerCase(), decoded];
  } catch {
    // Said below: a value may be secret, so it is not repeated.
  }
  throw new ConfigurationError('OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs, separated by commas.');
}

function parseLinks(raw: Raw): Environment['links'] {
  const links = jsonObject(raw, 'LINKS');
  for (const [service, instances] of Object.entries(links)) {
    if (!Array.isArray(instances) || instances.length === 0 || !instances.every(isInstance)) {
      throw new ConfigurationError(
        `LINKS.${service} must be a list of {"node": …, "url": "http://…"} with at least one entry.`,
      );
    }
  }
  return links as Environment['links'];
}

function isInstance(value: unknown): value is Instance {
  if (typeof value !== 'object' || value === null || !('node' in value) || !('url' in value)) return false;
  return (
    typeof value.node === 'string' && typeof value.url === 'string' && isUrl(value.url, ['http:', 'https:', 'unix:'])
  );
}

function parseSeams(raw: Raw): Environment['seams'] {
  const seams = jsonObject(raw, 'SEAMS');
  for (const [name, file] of Object.entries(seams)) {
    if (typeof file !== 'string' || file === '')
      throw new ConfigurationError(`SEAMS.${name} must be the path of a built module.`);
  }
  return seams as Environment['seams'];
}

function jsonObject(raw: Raw, name: string): Record<string, unknown> {
  const value = text(raw, name) ?? '{}';
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Said below, in the same words as for JSON of another shape.
  }
  throw new ConfigurationError(`${name} must be a JSON object.`);
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}
