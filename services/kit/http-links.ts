import request from 'undici/lib/api/api-request.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type {Clock} from './clock.ts';
import {isUnsent} from './is-unsent.ts';
import {type Instance, type LinkAnswer, type LinkRequest, type Links, UnknownServiceError} from './links.ts';
import type {RequestContexts} from './request-context.ts';
import {beginCall, endWithAnswer} from './telemetry/record-call.ts';
import type {Telemetry} from './telemetry/telemetry.ts';
import {traceHeaders} from './trace-context.ts';

export interface HttpLinksOptions {
  readonly instances: Readonly<Record<string, readonly Instance[]>>;
  readonly contexts: RequestContexts;
  readonly clock: Clock;
  /** The service that calls, and where its calls are recorded; default: nowhere. */
  readonly telemetry?: {readonly from: string; readonly to: Telemetry};
}

/** Nobody said how long to wait: a bound against waiting for ever. Whoever calls sets a shorter one. */
const SILENCE_MAX_MS = 30_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS_MAX = 128;
/** An instance may be behind a unix socket: that of a sidecar. */
const UNIX = 'unix:';
/** An instance that did not answer is asked last for this long. */
const REST_MS = 1_000;

interface Target extends Instance {
  readonly pool: Pool;
  restsUntil: number;
}

/** Links over HTTP/1.1: one pool of kept-alive connections per instance. */
export function createHttpLinks({instances, contexts, clock, telemetry}: HttpLinksOptions): Links {
  const targets = new Map(Object.entries(instances).map(([service, list]) => [service, list.map(openTarget)]));
  const turns = new Map<string, number>();

  /** In turn, those that rest last; the one that is named alone. */
  function inOrder(service: string, node: string | undefined): readonly Target[] {
    const all = targets.get(service) ?? [];
    if (node !== undefined) return all.filter(target => target.node === node);
    const turn = turns.get(service) ?? 0;
    turns.set(service, turn + 1);
    const from = all.length === 0 ? 0 : turn % all.length;
    const now = clock.monotonic();
    const rests = ({restsUntil}: Target): number => (restsUntil > now ? 1 : 0);
    return [...all.slice(from), ...all.slice(0, from)].sort((left, right) => rests(left) - rests(right));
  }

  /** Each attempt is a span of its own, which what is called has as its parent. */
  async function sendRecorded(service: string, target: Target, what: LinkRequest): Promise<LinkAnswer> {
    const trace = contexts.current()?.trace;
    if (telemetry === undefined || trace === undefined)
      return send(target, {...what, headers: {...contexts.outgoing(), ...what.headers}});
    const span = beginCall(telemetry.to, trace, {from: telemetry.from, to: service, node: target.node, request: what});
    try {
      const headers = {...contexts.outgoing(), ...traceHeaders(span.trace), ...what.headers};
      return endWithAnswer(span, await send(target, {...what, headers}));
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  return {
    async request(service, what) {
      const order = inOrder(service, what.node);
      let failure: unknown = new UnknownServiceError(service);
      for (const target of order) {
        try {
          return await sendRecorded(service, target, what);
        } catch (error) {
          if (what.signal?.aborted === true) throw error;
          target.restsUntil = clock.monotonic() + REST_MS;
          failure = error;
          if (!isUnsent(error)) throw error;
        }
      }
      throw failure;
    },
    instances: service => instances[service] ?? [],
    async close() {
      await Promise.all([...targets.values()].flat().map(({pool}) => pool.destroy()));
    },
  };
}

function openTarget({node, url}: Instance): Target {
  const pool = new Pool(url.startsWith(UNIX) ? 'http://sidecar' : url, {
    ...(url.startsWith(UNIX) ? {socketPath: url.slice(UNIX.length)} : {}),
    connections: CONNECTIONS_MAX,
    connect: {timeout: CONNECT_TIMEOUT_MS},
    headersTimeout: SILENCE_MAX_MS,
    bodyTimeout: SILENCE_MAX_MS,
  });
  return {node, url, pool, restsUntil: 0};
}

async function send({pool, node}: Target, {method, path, headers, body, signal}: LinkRequest): Promise<LinkAnswer> {
  const answer = await request.call(pool, {
    method: method as 'GET',
    path,
    headers: headers ?? {},
    body: body ?? null,
    signal: signal ?? null,
  });
  // Whoever reads it learns of its errors; one that nobody reads must not end the process.
  answer.body.on('error', () => undefined);
  return {status: answer.statusCode, headers: answer.headers, body: answer.body, node};
}
