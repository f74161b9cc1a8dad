import {showMetrics} from './metrics.ts';
import {populate} from './populate.ts';
import type {ApiPort} from './port.ts';
import {
  createProxy,
  deleteProxy,
  listProxies,
  reset,
  showConnections,
  showCounters,
  showProxy,
  updateProxy,
} from './proxies.ts';
import {type ApiReply, type ApiRequest, empty, isExpected, Refusal, refused, text, toRefusal} from './reply.ts';
import {createToxic, deleteToxic, listToxics, showToxic, updateToxic} from './toxics.ts';

/** Toxiproxy's version whose API this is. */
export const TOXIPROXY_VERSION = '2.12.0';

export interface Api {
  /** Never throws: what goes wrong is an answer. */
  handle(request: ApiRequest): Promise<ApiReply>;
}

type Handle = (port: ApiPort, names: readonly string[], body: string) => Promise<ApiReply>;

interface Route {
  /** `*` stands for a name. */
  readonly path: readonly string[];
  readonly methods: Readonly<Record<string, Handle>>;
}

const change: Readonly<Record<'proxy' | 'toxic', Handle>> = {
  proxy: (port, [proxy = ''], body) => updateProxy(port, proxy, body),
  toxic: (port, [proxy = '', toxic = ''], body) => updateToxic(port, proxy, toxic, body),
};

const ROUTES: readonly Route[] = [
  {path: ['proxies'], methods: {GET: listProxies, POST: (port, _, body) => createProxy(port, body)}},
  {path: ['populate'], methods: {POST: (port, _, body) => populate(port, body)}},
  {path: ['reset'], methods: {POST: reset}},
  {path: ['version'], methods: {GET: async () => version()}},
  {path: ['metrics'], methods: {GET: showMetrics}},
  {
    path: ['proxies', '*'],
    methods: {
      GET: (port, [proxy = '']) => showProxy(port, proxy),
      POST: change.proxy,
      PATCH: change.proxy,
      DELETE: (port, [proxy = '']) => deleteProxy(port, proxy),
    },
  },
  {path: ['proxies', '*', 'connections'], methods: {GET: (port, [proxy = '']) => showConnections(port, proxy)}},
  {path: ['proxies', '*', 'counters'], methods: {GET: (port, [proxy = '']) => showCounters(port, proxy)}},
  {
    path: ['proxies', '*', 'toxics'],
    methods: {
      GET: (port, [proxy = '']) => listToxics(port, proxy),
      POST: (port, [proxy = ''], body) => createToxic(port, proxy, body),
    },
  },
  {
    path: ['proxies', '*', 'toxics', '*'],
    methods: {
      GET: (port, [proxy = '', toxic = '']) => showToxic(port, proxy, toxic),
      POST: change.toxic,
      PATCH: change.toxic,
      DELETE: (port, [proxy = '', toxic = '']) => deleteToxic(port, proxy, toxic),
    },
  },
];

/** Toxiproxy's HTTP API over a fabric. Changes are made one after the other, so that what one has looked at is still so when it acts. */
export function createApi(port: ApiPort, onInternalError: (error: unknown) => void): Api {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async (work: () => Promise<ApiReply>): Promise<ApiReply> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    handle: async request => {
      try {
        return await dispatch(port, request, inTurn);
      } catch (error) {
        if (!isExpected(error)) onInternalError(error);
        return refused(toRefusal(error));
      }
    },
  };
}

async function dispatch(
  port: ApiPort,
  {method, url, userAgent, body}: ApiRequest,
  inTurn: (work: () => Promise<ApiReply>) => Promise<ApiReply>,
): Promise<ApiReply> {
  // A page in a browser could reach the loopback interface.
  if (userAgent.startsWith('Mozilla/')) return text(403, 'User agent not allowed\n');
  const [, ...segments] = (url.split(/[?#]/, 1)[0] ?? '').split('/').map(decode);
  const route = ROUTES.find(({path}) => matches(path, segments));
  if (route === undefined) return text(404, '404 page not found\n');
  const handle = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
  if (handle === undefined) return empty(405, {allow: Object.keys(route.methods).join(', ')});
  const names = segments.filter((_, index) => route.path[index] === '*');
  return method === 'GET' ? handle(port, names, body) : inTurn(async () => handle(port, names, body));
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((part, index) => (part === '*' ? segments[index] !== '' : part === segments[index]))
  );
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(400, `bad request: ${JSON.stringify(segment)} is not URL-encoded text`);
  }
}

function version(): ApiReply {
  return text(200, `{"version": "${TOXIPROXY_VERSION}"}\n`, 'application/json;charset=utf-8');
}
