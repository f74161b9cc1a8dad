import {ConfigurationError} from '../kit/parse-environment.ts';

/** One instance of another service, as a sidecar reaches it. */
export interface OutboundSpec {
  readonly service: string;
  readonly node: string;
  /** Path of the unix socket at which the app asks for it. */
  readonly socket: string;
  /** Where its sidecar is, through the link. */
  readonly host: string;
  readonly port: number;
}

/** What a sidecar has to know of its place. */
export interface SidecarSettings {
  /** The service beside which it stands. */
  readonly service: string;
  /** Path of the unix socket at which that listens. */
  readonly app: string;
  /** It takes requests from outside of the mesh, which show no certificate. */
  readonly edge: boolean;
  /** Services that have a link to this one. */
  readonly callers: readonly string[];
  readonly outbound: readonly OutboundSpec[];
}

/** Its identity: PEM. */
export interface SidecarIdentity {
  readonly key: string;
  readonly cert: string;
  /** The authority whose word counts, and no other. */
  readonly ca: string;
}

type Raw = Readonly<Record<string, string | undefined>>;

/** Reads `SIDECAR`, `TLS_KEY`, `TLS_CERT` and `TLS_CA`. Throws a {@link ConfigurationError} that names the wrong one. */
export function readSettings(raw: Raw): {readonly settings: SidecarSettings; readonly identity: SidecarIdentity} {
  const pem = (name: string): string => {
    const value = raw[name] ?? '';
    if (!value.includes('-----BEGIN ')) throw new ConfigurationError(`${name} must be PEM.`);
    return value;
  };
  return {
    settings: parseSettings(raw.SIDECAR ?? ''),
    identity: {key: pem('TLS_KEY'), cert: pem('TLS_CERT'), ca: pem('TLS_CA')},
  };
}

function parseSettings(raw: string): SidecarSettings {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    // Said below, as for JSON of another shape.
  }
  if (isSettings(parsed)) return parsed;
  throw new ConfigurationError('SIDECAR must be JSON: {"service", "app", "edge", "callers", "outbound"}.');
}

function isSettings(value: unknown): value is SidecarSettings {
  if (typeof value !== 'object' || value === null) return false;
  const {service, app, edge, callers, outbound} = value as Partial<Record<keyof SidecarSettings, unknown>>;
  return (
    typeof service === 'string' &&
    typeof app === 'string' &&
    typeof edge === 'boolean' &&
    Array.isArray(callers) &&
    callers.every(caller => typeof caller === 'string') &&
    Array.isArray(outbound) &&
    outbound.every(isOutbound)
  );
}

function isOutbound(value: unknown): value is OutboundSpec {
  if (typeof value !== 'object' || value === null) return false;
  const {service, node, socket, host, port} = value as Partial<Record<keyof OutboundSpec, unknown>>;
  return [service, node, socket, host].every(one => typeof one === 'string') && typeof port === 'number';
}
