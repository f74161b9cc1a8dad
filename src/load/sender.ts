import {Pool} from 'undici';
import type {LoadRequest, Send} from './load.ts';
import type {WallClock} from './wall-clock.ts';

const BODY_BYTES_MAX = 4096;
const CONNECT_TIMEOUT_MS = 10_000;

/** Puts single requests on the wire: one connection for each that is under way, kept for the next. */
export interface Sender {
  /** Never rejects: what went wrong is in the result. `keep`: headers of the answer that are in it too. */
  send(target: string, request: LoadRequest, timeoutMs: number, keep?: readonly string[]): Promise<Send>;
  /** Gives up on everything under way and closes all connections. */
  close(): Promise<void>;
}

export function createSender(targets: readonly string[], now: WallClock): Sender {
  const pools = new Map(targets.map(target => [target, createPool(target)]));
  const giveUps = new Set<() => void>();

  const send: Sender['send'] = (target, request, timeoutMs, keep = []) =>
    new Promise(resolve => {
      const at = now();
      const answer = createAnswer(keep);
      let abort: (() => void) | undefined;
      let over = false;
      const settle = (error?: string): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        giveUps.delete(giveUp);
        const durationMs = round(now() - at);
        resolve({
          at: round(at),
          durationMs,
          to: target,
          ...(error === undefined ? answer.read() : {status: null, error}),
        });
      };
      // The promise settles before the socket is torn down: giving up must not wait for a connection that is not there yet.
      const end = (error: string): void => {
        settle(error);
        abort?.();
      };
      const giveUp = (): void => end('aborted');
      const timer = setTimeout(end, Math.max(0, timeoutMs), 'timeout');
      giveUps.add(giveUp);
      const pool = pools.get(target);
      if (pool === undefined) {
        settle('unknown target');
        return;
      }
      try {
        pool.dispatch(
          {
            path: request.path,
            method: request.method,
            headers: {...request.headers},
            body: request.body ?? null,
          },
          {
            onRequestStart: controller => {
              abort = () => controller.abort(new Error('given up'));
              if (over) abort();
            },
            onResponseStart: (_controller, status, headers) => answer.start(status, headers),
            onResponseData: (_controller, chunk) => answer.data(chunk),
            onResponseEnd: () => settle(),
            onResponseError: (_controller, error) => settle(nameOfFailure(error)),
          },
        );
      } catch (error) {
        settle(nameOfFailure(error));
      }
    });

  return {
    send,
    close: async () => {
      for (const giveUp of [...giveUps]) giveUp();
      await Promise.all([...pools.values()].map(pool => pool.destroy()));
    },
  };
}

/** Without a limit of its own: what is under way at once is limited by the run, and nothing may queue behind another request. */
function createPool(target: string): Pool {
  return new Pool(target, {pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connectTimeout: CONNECT_TIMEOUT_MS});
}

interface Answer {
  start(status: number, headers: Readonly<Record<string, Header>>): void;
  data(chunk: Buffer): void;
  read(): Pick<Send, 'status' | 'contentType' | 'retryAfter' | 'carried' | 'body'>;
}

type Header = string | string[] | undefined;

/** Collects an answer's head and the first bytes of its body. */
function createAnswer(keep: readonly string[]): Answer {
  let status = 0;
  let contentType: string | undefined;
  let retryAfter: string | undefined;
  let carried: Record<string, string> = {};
  let size = 0;
  const chunks: Buffer[] = [];
  return {
    start: (value, headers) => {
      const first = (name: string): string | undefined => [headers[name]].flat()[0];
      status = value;
      contentType = first('content-type');
      retryAfter = first('retry-after');
      carried = Object.fromEntries(
        keep.flatMap(name => (first(name) === undefined ? [] : [[name, first(name) ?? '']])),
      );
    },
    data: chunk => {
      if (size >= BODY_BYTES_MAX) return;
      const part = chunk.subarray(0, BODY_BYTES_MAX - size);
      size += part.length;
      // Copied: the parser may use the chunk's memory again.
      chunks.push(Buffer.from(part));
    },
    read: () => ({
      status,
      ...(contentType === undefined ? {} : {contentType}),
      ...(Object.keys(carried).length === 0 ? {} : {carried}),
      ...(retryAfter === undefined ? {} : {retryAfter}),
      ...(size === 0 ? {} : {body: Buffer.concat(chunks).toString('utf8')}),
    }),
  };
}

/** `ECONNREFUSED` and its like as they are; `closed` for a connection that ended without an answer. */
function nameOfFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (code === 'UND_ERR_SOCKET') return 'closed';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  return code;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
