import {connect, type Socket} from 'node:net';
import type {ProbeResult} from './fabric.ts';
import type {LinkProxy} from './link-proxy.ts';

type Outcome = {readonly ms: number} | {readonly failure: string};

/** A probe that took longer than this is not waited for before the next one starts. */
const QUICK_MS = 50;

/** Makes round trips through a proxy: one after the other while they are quick, the rest at once when they are not. */
export async function probeProxy(
  proxy: LinkProxy,
  options: {readonly count: number; readonly timeoutMs: number},
): Promise<ProbeResult> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < options.count) {
    const outcome = await roundTrip(proxy, options.timeoutMs);
    outcomes.push(outcome);
    if ('ms' in outcome && outcome.ms <= QUICK_MS) continue;
    const rest = Array.from({length: options.count - outcomes.length}, () => roundTrip(proxy, options.timeoutMs));
    outcomes.push(...(await Promise.all(rest)));
  }
  return summarize(proxy.name, outcomes);
}

function roundTrip(proxy: LinkProxy, timeoutMs: number): Promise<Outcome> {
  return new Promise(resolve => {
    const startedAt = performance.now();
    const socket = connect({...proxy.listener.address, noDelay: true});
    let forget: (() => void) | undefined;
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      // Destroyed before it is forgotten: the port stays a probe's as long as it is in use.
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish({failure: 'timeout'}), timeoutMs);
    // `connect` takes its local port on the next tick, before the loop can accept the connection at the other end.
    process.nextTick(() => {
      if (socket.localPort !== undefined) forget = proxy.expectProbe(socket.localPort);
    });
    const answered = (askedAt: number): void => finish({ms: performance.now() - askedAt});
    const ask = proxy.spec.protocol === 'nats' ? askNats : askFirst(proxy, startedAt);
    ask(socket, answered, () => finish({failure: 'closed'}));
    socket.on('error', (error: NodeJS.ErrnoException) => finish({failure: error.code ?? error.message}));
    socket.on('close', () => forget?.());
  });
}

/** Asks a question on a fresh connection, and tells when it was asked that an answer came, or that the connection was closed instead. */
type Ask = (socket: Socket, answered: (askedAt: number) => void, closed: () => void) => void;

function askFirst(proxy: LinkProxy, startedAt: number): Ask {
  return (socket, answered, closed) => {
    socket.on('connect', () => socket.write(proxy.http ? httpProbe(proxy) : SSL_REQUEST));
    socket.on('data', () => answered(startedAt));
    socket.on('end', closed);
  };
}

/** A NATS server speaks first and answers nobody whom it does not know; but it hangs up when its caller does. */
function askNats(socket: Socket, answered: (askedAt: number) => void, closed: () => void): void {
  let askedAt: number | undefined;
  socket.on('data', () => {
    askedAt ??= performance.now();
    socket.end();
  });
  socket.on('end', () => (askedAt === undefined ? closed() : answered(askedAt)));
}

/** Postgres answers it with one byte, before it asks who is there. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

function httpProbe({listener: {address}}: LinkProxy): string {
  return `GET /livez HTTP/1.1\r\nhost: ${address.host}:${address.port}\r\nconnection: close\r\nuser-agent: teralab-probe\r\n\r\n`;
}

function summarize(proxy: string, outcomes: readonly Outcome[]): ProbeResult {
  const times = outcomes.flatMap(outcome => ('ms' in outcome ? [outcome.ms] : [])).sort((a, b) => a - b);
  const failures: Record<string, number> = {};
  for (const outcome of outcomes) {
    if ('failure' in outcome) failures[outcome.failure] = (failures[outcome.failure] ?? 0) + 1;
  }
  return {proxy, answered: times.length, failed: outcomes.length - times.length, medianMs: median(times), failures};
}

function median(sorted: readonly number[]): number | null {
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
