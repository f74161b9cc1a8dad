import type {CreateUpstreamPolicy} from '../../services/gateway/seams/upstream-policy.ts';
import type {
  Behaviour,
  Outcome,
  Question,
  Send,
  UpstreamPolicyBench,
} from '../../services/gateway/seams/upstream-policy-tests.ts';
import type {Logger} from '../../services/kit/logger.ts';
import type {OpenBench} from '../../src/labs/your-tests/bench.ts';
import {createVirtualTime, type VirtualTime} from '../../src/labs/your-tests/virtual-time.ts';

const A_MINUTE_MS = 60_000;
const SENDS_MAX = 20;

const open: OpenBench = async ({load}) => {
  const {createUpstreamPolicy} = (await load()) as {readonly createUpstreamPolicy: CreateUpstreamPolicy};
  const time = createVirtualTime();
  const methods: UpstreamPolicyBench = {
    ask: async (question, ...upstream) => {
      const {patienceMs, safeToRepeat = true} = question ?? ({} as Question);
      if (!(patienceMs > 0)) throw new Error('`ask` wants a `patienceMs` above 0');
      const policy = createUpstreamPolicy('stream', {clock: time.clock, log: SILENT});
      const asked = time.elapsed();
      const wire = createWire(time, asked, upstream);
      const request = {method: 'GET', path: '/v1/x', safeToRepeat, deadline: time.clock.now() + patienceMs};
      let outcome: Outcome['outcome'] = 'never';
      let endedAtMs: number | null = null;
      const end = (how: Outcome['outcome']): void => {
        outcome = how;
        endedAtMs = time.elapsed() - asked;
      };
      const call = (async () => (await policy.call(request, wire.send)).body.whole)().then(
        () => end('answered'),
        () => end('failed'),
      );
      await time.until(call, A_MINUTE_MS);
      // What nobody waits for any more may still be under way.
      await time.pass(A_MINUTE_MS);
      return {outcome, endedAtMs, sends: wire.sends.map(send => ({...send}))};
    },
  };
  return {methods: {...methods}};
};
export default open;

type Writable = {-readonly [Name in keyof Send]: Send[Name]};

/** The way to an upstream that behaves as it is told, and what was on it. */
function createWire({clock, elapsed}: VirtualTime, asked: number, upstream: readonly Behaviour[]) {
  const sends: Writable[] = [];
  const end = (send: Writable, how: Send['ended']): void => {
    if (send.endedAtMs !== null) return;
    send.endedAtMs = elapsed() - asked;
    send.ended = how;
  };
  const send = async (signal: AbortSignal) => {
    if (sends.length >= SENDS_MAX) return new Promise<never>(() => undefined);
    const {headAfterMs = 0, bodyTakesMs = 0, lost, hangs} = upstream[sends.length] ?? upstream.at(-1) ?? {};
    const entry: Writable = {atMs: elapsed() - asked, endedAtMs: null, ended: 'never'};
    sends.push(entry);
    const abort = (): void => end(entry, 'aborted');
    signal.addEventListener('abort', abort, {once: true});
    if (signal.aborted) abort();
    await (hangs === true ? forever(signal) : clock.sleep(headAfterMs, signal));
    if (lost === true) {
      end(entry, 'lost');
      throw new Error('the connection broke');
    }
    const body = clock.sleep(bodyTakesMs, signal).then(() => end(entry, 'answered'));
    // A body that nobody reads fails for nobody.
    body.catch(() => undefined);
    return {status: 200, body: {whole: body}};
  };
  return {sends, send};
}

function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, {once: true});
    if (signal.aborted) onAbort();
  });
}

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
