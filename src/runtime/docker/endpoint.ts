import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import type {EngineRecord} from '../runtime.ts';

/**
 * Where a Docker Engine is, found as the Docker CLI finds it: `host` is `unix:///var/run/docker.sock`, `tcp://host:2376` or
 * `ssh://user@host`; `certificates` the folder with `ca.pem`, `cert.pem` and `key.pem` for TLS; `source` what named it, for messages.
 */
export type EngineEndpoint = EngineRecord;

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The engine that `docker` would talk to: DOCKER_HOST, then DOCKER_CONTEXT, then the current context, then the default socket; where
 * that is not there, the sockets of Docker Desktop, rootless Docker, Colima, OrbStack and Rancher Desktop. Errors: ENGINE_MISSING for a
 * context that does not exist.
 */
export async function resolveEndpoint(env: Env = process.env, home = homedir()): Promise<EngineEndpoint> {
  const config = env.DOCKER_CONFIG ?? join(home, '.docker');
  if (env.DOCKER_HOST) {
    const certificates = env.DOCKER_TLS_VERIFY ? (env.DOCKER_CERT_PATH ?? config) : undefined;
    return {
      host: env.DOCKER_HOST,
      ...(certificates === undefined ? {} : {certificates}),
      source: 'DOCKER_HOST',
    };
  }
  const context = env.DOCKER_CONTEXT ?? (await currentContext(config));
  if (context !== undefined && context !== '' && context !== 'default') return contextEndpoint(config, context);
  const found = [DEFAULT_SOCKET, ...otherSockets(env, home)].find(socket => existsSync(socket));
  return {host: `unix://${found ?? DEFAULT_SOCKET}`, source: 'default socket'};
}

/** Whether the engine's loopback interface is this machine's, so that what it publishes there can be reached. */
export function isLocal({host}: EngineEndpoint): boolean {
  const [scheme = '', rest = ''] = host.split('://');
  return scheme === 'unix' || (scheme !== 'ssh' && /^(localhost|127\.|\[::1\])/.test(rest));
}

function otherSockets(env: Env, home: string): readonly string[] {
  return [
    join(home, '.docker/run/docker.sock'),
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    join(home, '.colima/default/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    join(home, '.rd/docker.sock'),
  ];
}

async function currentContext(config: string): Promise<string | undefined> {
  const text = await readFile(join(config, 'config.json'), 'utf8').catch(() => '{}');
  try {
    const {currentContext} = JSON.parse(text) as {currentContext?: unknown};
    return typeof currentContext === 'string' ? currentContext : undefined;
  } catch {
    return undefined;
  }
}

/** Contexts lie in folders that are named by the hash of their name. */
async function contextEndpoint(config: string, name: string): Promise<EngineEndpoint> {
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(config, 'contexts', 'meta', id, 'meta.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const host = text === undefined ? undefined : hostOf(text);
  if (host === undefined)
    throw new LabError(
      'ENGINE_MISSING',
      `The Docker context "${name}" names no engine: ${file} is missing or unreadable.`,
    );
  const certificates = join(config, 'contexts', 'tls', id, 'docker');
  return {host, ...(existsSync(certificates) ? {certificates} : {}), source: `context ${name}`};
}

function hostOf(text: string): string | undefined {
  try {
    const meta = JSON.parse(text) as {Endpoints?: {docker?: {Host?: unknown}}};
    const host = meta.Endpoints?.docker?.Host;
    return typeof host === 'string' && host !== '' ? host : undefined;
  } catch {
    return undefined;
  }
}
