import type {ProbeLook, ProbeOptions, ProbeResult} from './fabric.ts';
import {INJECTED_HEADER} from './http/injected-answer.ts';
import type {LinkProxy} from './link-proxy.ts';
import {probeLoad} from './probe-load.ts';
import {openProbe, type ProbeOutcome} from './probe-socket.ts';

/** A probe that took longer than this is not waited for before the next one starts. */
const QUICK_MS = 50;

/** Makes round trips through a proxy: one after the other while they are quick, the rest at once when they are not. */
export async function probeProxy(proxy: LinkProxy, options: ProbeOptions): Promise<ProbeResult> {
  const {count, timeoutMs, look = {at: 'answer'}} = options;
  const probe = (): Promise<ProbeOutcome> =>
    look.at === 'load' ? probeLoad(proxy, look.bytes, timeoutMs) : roundTrip(proxy, look, timeoutMs);
  const outcomes: ProbeOutcome[] = [];
  while (outcomes.length < count && look.at !== 'life') {
    const outcome = await probe();
    outcomes.push(outcome);
    if ('failure' in outcome || outcome.ms > QUICK_MS) break;
  }
  const rest = Array.from({length: count - outcomes.length}, probe);
  outcomes.push(...(await Promise.all(rest)));
  return summarize(proxy.name, outcomes);
}

function roundTrip(proxy: LinkProxy, look: Exclude<ProbeLook, {at: 'load'}>, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise(resolve => {
    const startedAt = performance.now();
    const socket = openProbe(proxy);
    let answeredAt: number | undefined;
    let injected: number | undefined;
    let closing = false;
    const finish = (outcome: ProbeOutcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const succeed = (ms: number): void => finish(injected === undefined ? {ms} : {ms, injected});
    let timer = setTimeout(() => finish({failure: 'timeout'}), timeoutMs);
    // A NATS server speaks first and answers nobody whom it does not know; but it hangs up when its caller does.
    const speaksFirst = proxy.spec.protocol === 'nats';
    if (!speaksFirst) socket.on('connect', () => socket.write(proxy.http ? httpProbe(proxy, look) : SSL_REQUEST));
    socket.on('data', (bytes: Buffer) => {
      if (answeredAt !== undefined) return;
      answeredAt = performance.now();
      const ms = answeredAt - startedAt;
      if (proxy.http) injected = injectedStatus(bytes);
      if (look.at === 'life') {
        clearTimeout(timer);
        timer = setTimeout(() => succeed(ms), Math.max(0, look.forMs - ms));
      } else if (look.at === 'closing' || speaksFirst) {
        closing = true;
        socket.end();
      } else {
        succeed(ms);
      }
    });
    socket.on('end', () => {
      if (closing && answeredAt !== undefined) succeed(performance.now() - answeredAt);
      else finish({failure: answeredAt === undefined ? 'closed' : 'cut'});
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish({failure: error.code ?? error.message}));
  });
}

/** The status of an answer that a toxic gave. Its head is short: it comes in one piece, or is sliced and not told from the callee's. */
function injectedStatus(bytes: Buffer): number | undefined {
  const text = bytes.toString('latin1');
  if (!text.includes(`\r\n${INJECTED_HEADER}:`)) return undefined;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

/** Postgres answers it with one byte, before it asks who is there. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

function httpProbe({address}: LinkProxy, {at}: ProbeLook): string {
  const connection = at === 'answer' ? 'close' : 'keep-alive';
  return `GET /livez HTTP/1.1\r\nhost: ${address.host}:${address.port}\r\nconnection: ${connection}\r\nuser-agent: teralab-probe\r\n\r\n`;
}

function summarize(proxy: string, outcomes: readonly ProbeOutcome[]): ProbeResult {
  const times = outcomes.flatMap(outcome => ('ms' in outcome ? [outcome.ms] : [])).sort((a, b) => a - b);
  const failures = countBy(outcomes.flatMap(outcome => ('failure' in outcome ? [outcome.failure] : [])));
  const injected = countBy(outcomes.flatMap(outcome => ('ms' in outcome ? (outcome.injected ?? []) : [])));
  const loads = outcomes.flatMap(({load}) => load ?? []);
  return {
    proxy,
    answered: times.length,
    failed: outcomes.length - times.length,
    medianMs: median(times),
    failures,
    ...(Object.keys(injected).length === 0 ? {} : {injected}),
    ...(loads.length === 0 ? {} : {loads}),
  };
}

function countBy(values: readonly (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function median(sorted: readonly number[]): number | null {
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
