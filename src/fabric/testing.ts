import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net';
import type {Address} from '../topology/address.ts';
import {createFabric, type LocalFabric} from './create-fabric.ts';
import type {ProxySpec, ToxicKind, ToxicSpec} from './fabric.ts';

/** What the fabric's tests and benchmark share: small real servers and clients. Disposing one leaves nothing open. */
export interface TestServer extends AsyncDisposable {
  readonly address: Address;
  readonly sockets: ReadonlySet<Socket>;
}

export async function serve(onConnection: (socket: Socket) => void, port = 0): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server = createServer({allowHalfOpen: true, noDelay: true}, socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  return asTestServer(server, sockets, port);
}

export async function asTestServer(server: Server, sockets: ReadonlySet<Socket>, port = 0): Promise<TestServer> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const {port: bound} = server.address() as AddressInfo;
  return {
    address: {host: '127.0.0.1', port: bound},
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export function serveEcho(): Promise<TestServer> {
  return serve(socket => socket.pipe(socket));
}

export interface TestClient extends Disposable {
  readonly socket: Socket;
  /** All that came so far. */
  received(): Buffer;
  /** `end` (FIN), an error's code, or undefined while it is open. */
  ended(): string | undefined;
}

/** A client that keeps all that it gets. */
export function call(address: Address, options: {readonly localPort?: number} = {}): TestClient {
  const socket = connect({...address, ...options, allowHalfOpen: true, noDelay: true});
  const chunks: Buffer[] = [];
  let ended: string | undefined;
  socket.on('data', (bytes: Buffer) => chunks.push(bytes));
  socket.on('end', () => {
    ended = 'end';
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    ended = error.code ?? error.message;
  });
  return {
    socket,
    received: () => Buffer.concat(chunks),
    ended: () => ended,
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Waits until a condition holds; rejects when it does not in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not hold within ${withinMs} ms`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

export interface TestLink extends AsyncDisposable {
  readonly fabric: LocalFabric;
  readonly address: Address;
  readonly name: string;
}

/** A fabric with one link to this upstream: `gateway-1->identity-1`. */
export async function openLink(upstream: Address, overrides: Partial<ProxySpec> = {}): Promise<TestLink> {
  const fabric = createFabric();
  const spec = proxySpec(upstream, overrides);
  const [open] = await fabric.open([spec]);
  if (open === undefined) throw new Error('nothing was opened');
  return {fabric, address: open.address, name: spec.name, [Symbol.asyncDispose]: () => fabric.stop()};
}

export function proxySpec(upstream: Address, overrides: Partial<ProxySpec> = {}): ProxySpec {
  const {from = 'gateway-1', to = 'identity-1'} = overrides;
  return {name: `${from}->${to}`, link: 'gateway->identity', from, to, protocol: 'postgres', upstream, ...overrides};
}

export function toxic(kind: ToxicKind, overrides: Partial<ToxicSpec> = {}): ToxicSpec {
  return {
    id: `${kind}-1`,
    kind,
    proxies: ['gateway-1->identity-1'],
    stream: 'both',
    toxicity: 1,
    seed: 7,
    attributes: {},
    ...overrides,
  };
}

/** Watches how late this process's event loop is: what a test measures in it may be late by as much. Returns the longest so far, ms. */
export function watchLag(): {longestMs(): number} & Disposable {
  const everyMs = 2;
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - everyMs);
    last = now;
  }, everyMs);
  return {
    longestMs: () => Math.max(longest, performance.now() - last),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** An upstream that sends as fast as it is read, and reads all it gets. */
export function serveFlood(): Promise<TestServer> {
  const block = Buffer.alloc(64 * 1024);
  return serve(socket => {
    const pump = (): void => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', pump);
    socket.resume();
    pump();
  });
}

/** How long it takes until a condition holds, ms. */
export async function timed(condition: () => boolean | Promise<boolean>, what?: string): Promise<number> {
  const startedAt = performance.now();
  await until(condition, what);
  return performance.now() - startedAt;
}
