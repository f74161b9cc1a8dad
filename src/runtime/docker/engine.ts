import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import Docker from 'dockerode';
import {LabError} from '../../errors.ts';
import {systemCode} from '../../files.ts';
import type {EngineEndpoint} from './endpoint.ts';

/** The oldest API that has everything used here: Docker 20.10. */
const API_VERSION_MIN = 1.41;
const ANSWER_WITHIN_MS = 5_000;

/** A client of the engine. Only files of this folder see its type. */
export type Engine = Docker;

/** Opens a client and asks the engine who it is. Errors: ENGINE_MISSING, NOT_ALLOWED. */
export async function openEngine(endpoint: EngineEndpoint): Promise<Engine> {
  const engine = new Docker(await optionsOf(endpoint));
  let version: {readonly ApiVersion?: string; readonly Version?: string};
  try {
    version = await withinMs(engine.version(), ANSWER_WITHIN_MS);
  } catch (error) {
    throw unreachable(endpoint, error);
  }
  const api = Number(version.ApiVersion);
  if (!(api >= API_VERSION_MIN))
    throw new LabError(
      'ENGINE_MISSING',
      `The engine at ${endpoint.host} is Docker ${version.Version ?? '?'} (API ${version.ApiVersion ?? '?'}); teralab needs API ${API_VERSION_MIN}, Docker 20.10, or newer.`,
    );
  return engine;
}

async function optionsOf({host, certificates}: EngineEndpoint): Promise<Docker.DockerOptions> {
  const [scheme = '', rest = ''] = host.split('://');
  if (scheme === 'unix') return {socketPath: rest};
  if (!['tcp', 'http', 'https', 'ssh'].includes(scheme))
    throw new LabError('ENGINE_MISSING', `"${host}" is no address of an engine that teralab can speak to.`);
  const url = new URL(`http://${rest}`);
  if (scheme === 'ssh')
    return {
      protocol: 'ssh',
      host: url.hostname,
      port: Number(url.port || 22),
      ...(url.username === '' ? {} : {username: url.username}),
    };
  const secure = certificates !== undefined || scheme === 'https';
  const [ca, cert, key] = await Promise.all(
    ['ca', 'cert', 'key'].map(async name =>
      certificates === undefined ? undefined : readFile(join(certificates, `${name}.pem`)).catch(() => undefined),
    ),
  );
  return {
    protocol: secure ? 'https' : 'http',
    host: url.hostname,
    port: Number(url.port || (secure ? 2376 : 2375)),
    ...(ca === undefined ? {} : {ca: ca.toString()}),
    ...(cert === undefined ? {} : {cert: cert.toString()}),
    ...(key === undefined ? {} : {key: key.toString()}),
  };
}

function unreachable({host, source}: EngineEndpoint, error: unknown): LabError {
  const code = systemCode(error);
  const where = `${host} (${source})`;
  if (code === 'EACCES' || code === 'EPERM')
    return new LabError('ENGINE_NOT_ALLOWED', `The Docker Engine at ${where} does not let this user in.`, {
      cause: error,
    });
  const why = error instanceof Error ? error.message : String(error);
  return new LabError('ENGINE_MISSING', `No Docker Engine answers at ${where}: ${why}.`, {cause: error});
}

/** Status of an answer by which the engine refused something; undefined for anything else. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** What the engine said about a refusal, without the wrapping of its client. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'json' in error) {
    const said = (error.json as {message?: unknown} | null)?.message;
    if (typeof said === 'string') return said.trim();
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * Errors of the engine that a user can do something about. `what` says what was tried, as in "identity-1 could not be started". Errors:
 * PORT_TAKEN, NO_SPACE, NAME_TAKEN, ENGINE_MISSING where it has gone; anything else it refused is ENGINE_FAILED.
 */
export function engineError(error: unknown, what: string): unknown {
  if (error instanceof LabError) return error;
  const reason = reasonOf(error);
  const told = `${what}: ${reason}`;
  if (/port is already allocated|address already in use/i.test(reason))
    return new LabError('PORT_TAKEN', told, {cause: error});
  if (/no space left on device|disk quota/i.test(reason)) return new LabError('NO_SPACE', told, {cause: error});
  const status = statusOf(error);
  if (status === 409 && /name .* already in use|already exists/i.test(reason))
    return new LabError('NAME_TAKEN', told, {cause: error});
  if (status !== undefined) return new LabError('ENGINE_FAILED', told, {cause: error});
  const code = systemCode(error);
  if (code !== undefined || /socket hang up/.test(reason))
    return new LabError('ENGINE_MISSING', `${what}: the Docker Engine does not answer any more (${reason}).`, {
      cause: error,
    });
  return error;
}

/** Rejects when the work takes longer (ms). */
async function withinMs<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
