import {JetStreamApiCodes, JetStreamApiError, type JetStreamManager, jetstreamManager} from '@nats-io/jetstream';
import {connect, errors, type NatsConnection} from '@nats-io/transport-node';
import {NoStreamError} from '../broker-parts/streams.ts';
import type {Logger} from '../logger.ts';
import {isUnavailable, UnavailableError} from '../unavailable.ts';

/** Nothing is waited for longer: through a blackholed link no answer ever comes, and no error either. */
export const ANSWER_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** Pings find out that a link just went silent. */
const PING_EVERY_MS = 2_000;
const PINGS_OUT_MAX = 2;
const RECONNECT_EVERY_MS = 200;

/** A connection that is up. */
export interface Link {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** Grows each time that it was lost: what the server kept for the connection alone is gone then. */
  readonly life: number;
}

/** One connection to the server, made when it is needed and again whenever it is lost. */
export interface Session {
  /** Runs work that concerns a stream. Errors are the port's: `UnavailableError`, `NoStreamError`. */
  use<T>(stream: string, work: (link: Link) => Promise<T>): Promise<T>;
  /** Calls `listener` now or later with each connection that is made, and `back` when one that was lost is there again. */
  onLink(listener: (nc: NatsConnection) => void, back: () => void): void;
  close(): Promise<void>;
}

export function createSession({url, log}: {readonly url: string; readonly log: Logger}): Session {
  let opening: Promise<Omit<Link, 'life'>> | undefined;
  let isUp = false;
  let life = 0;
  let closed = false;
  const waiting = new Set<() => void>();
  const underWay = new Set<(reason: Error) => void>();
  const listeners: {readonly link: (nc: NatsConnection) => void; readonly back: () => void}[] = [];

  async function open(): Promise<Omit<Link, 'life'>> {
    const nc = await connect(connectOptions(url));
    const jsm = await jetstreamManager(nc, {checkAPI: false, timeout: ANSWER_TIMEOUT_MS});
    if (closed) await nc.close();
    isUp = true;
    for (const {link} of listeners) link(nc);
    void watch(nc);
    void nc.closed().then(() => {
      isUp = false;
      opening = undefined;
    });
    return {nc, jsm};
  }

  async function watch(nc: NatsConnection): Promise<void> {
    for await (const {type} of nc.status()) {
      if (type === 'disconnect') {
        isUp = false;
        life += 1;
        log.debug({}, 'the connection to the broker broke');
        for (const reject of underWay) reject(new UnavailableError('The connection to the broker broke.'));
      }
      if (type !== 'reconnect') continue;
      isUp = true;
      for (const go of waiting) go();
      for (const {back} of listeners) back();
    }
  }

  async function link(): Promise<Link> {
    if (closed) throw new Error('The broker is closed.');
    opening ??= open().catch(error => {
      opening = undefined;
      throw error;
    });
    const opened = await opening;
    // What is asked of a connection that is down would be lost, or sent when nobody waits for it any more.
    if (!isUp) await untilUp();
    return {...opened, life};
  }

  function untilUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        waiting.delete(finish);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(finish);
        reject(new UnavailableError('The connection to the broker is down (timeout).'));
      }, CONNECT_TIMEOUT_MS);
      waiting.add(finish);
    });
  }

  /** The library would wait for answers that cannot come any more. */
  function unlessBroken<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      underWay.add(reject);
      work.then(resolve, reject).finally(() => underWay.delete(reject));
    });
  }

  return {
    async use(stream, work) {
      try {
        return await unlessBroken(work(await link()));
      } catch (error) {
        throw toPortError(error, stream);
      }
    },
    onLink(listener, back) {
      listeners.push({link: listener, back});
      if (isUp) void opening?.then(({nc}) => listener(nc));
    },
    async close() {
      closed = true;
      const opened = await opening?.catch(() => undefined);
      await opened?.nc.close();
    },
  };
}

/** User and password come from the URL: `nats://user:password@host:port`. */
export function connectOptions(url: string): Parameters<typeof connect>[0] {
  const {host, username, password} = new URL(url);
  return {
    servers: [host],
    ...(username === '' ? {} : {user: decodeURIComponent(username), pass: decodeURIComponent(password)}),
    timeout: CONNECT_TIMEOUT_MS,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_EVERY_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: PINGS_OUT_MAX,
    // Addresses that a server tells of would lead past the link that was given.
    ignoreClusterUpdates: true,
    // A trace for each request costs as much as the request.
    noAsyncTraces: true,
  };
}

/** The port's callers know nothing of NATS. Where nobody answers for a stream's subjects, the stream is not there. */
export function toPortError(error: unknown, stream: string): unknown {
  if (!(error instanceof Error) || error instanceof UnavailableError || error instanceof NoStreamError) return error;
  const isMissing = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
  if (isMissing || hasNoResponders(error)) return new NoStreamError(stream, {cause: error});
  const isAway = AWAY.some(kind => error instanceof kind) || isUnavailable(error);
  // 503: the server has no resources, or a cluster no leader.
  const isBusy = error instanceof JetStreamApiError && error.status === 503;
  return isAway || isBusy
    ? new UnavailableError(`The broker does not answer: ${error.message}`, {cause: error})
    : error;
}

const AWAY = [
  errors.TimeoutError,
  errors.ConnectionError,
  errors.ClosedConnectionError,
  errors.DrainingConnectionError,
  errors.ProtocolError,
  errors.RequestError,
];

export function hasNoResponders(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof errors.NoRespondersError || hasNoResponders(error.cause);
}
