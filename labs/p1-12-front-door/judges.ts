import {percentile} from '../../src/checkers/percentiles.ts';
import {fail, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {
  afterwards,
  before,
  type Evidence,
  isAccepted,
  isOver,
  of,
  outage,
  secondsOf,
  sentIn,
  stories,
  type Window,
  waits,
} from './evidence.ts';
import {BURST, RATE} from './traffic.ts';

const GATEWAYS = 2;
const TOLERANCE = 1.1;
const FAIR_SHARE = 0.7;
const SERVED_SHARE = 0.99;
/** Slower than this is waiting for somebody, and not working, in ms. */
const PROMPT_MS = 1_000;

/** The flooder's accepted requests, while the store is there and again after it was away. */
export function judgeFlooder(evidence: Evidence): Judgement {
  const parts = [before(evidence), afterwards(evidence)].map(window => {
    const accepted = of(evidence, 'flood', window).filter(isAccepted);
    return {accepted, most: allowed(window, 1), least: FAIR_SHARE * RATE * secondsOf(window), window};
  });
  const observed = parts
    .map(({accepted, window}) => `${accepted.length} in ${secondsOf(window).toFixed(1)} s`)
    .join(', and after the outage ');
  const expected = parts
    .map(({least, most}) => `${Math.ceil(least)} to ${Math.floor(most)}`)
    .join(', and after the outage ');
  const over = parts.find(({accepted, most}) => accepted.length > most);
  if (over !== undefined)
    // On a busy machine the store may have seemed to be away, and then each gateway limits alone.
    return unlessBusy(
      evidence.control.busy,
      over.most / over.accepted.length,
      fail('TOO_MUCH_ACCEPTED', observed, expected, perGateway(over.accepted, stories(evidence, over.accepted))),
    );
  const under = parts.find(({accepted, least, window}) => isOver(evidence, window) && accepted.length < least);
  if (under === undefined) return pass(observed, expected);
  const refused = of(evidence, 'flood', under.window).filter(entry => !isAccepted(entry));
  return unlessBusy(
    evidence.control.busy,
    under.accepted.length / under.least,
    fail('FLOODER_STARVED', observed, expected, stories(evidence, refused.slice(-4))),
  );
}

/** What the store's outage did to clients within their limits, and to the one above it. */
export function judgeStoreDown(evidence: Evidence): Judgement {
  const window = outage(evidence);
  const others = [...sentIn(evidence, 'steady', window), ...sentIn(evidence, 'burst', window)];
  const failed = others.filter(entry => !isAccepted(entry));
  const slow = percentile(waits(others), 0.95) ?? 0;
  const accepted = of(evidence, 'flood', window).filter(isAccepted);
  const most = allowed(window, GATEWAYS);
  const observed = `in ${secondsOf(window).toFixed(1)} s without the store ${others.length - failed.length} of ${others.length} requests within the limit were served, 95 % of them within ${Math.round(slow)} ms, and ${accepted.length} of the flooder's`;
  const expected = `${SERVED_SHARE * 100} % of the former, promptly, and at most ${Math.floor(most)} of the flooder's: the limit at each gateway`;
  const share = (others.length - failed.length) / others.length;
  const late = failed.filter(({status, latencyMs}) => status === null || latencyMs > PROMPT_MS);
  if (late.length > failed.length / 2 || slow > PROMPT_MS) {
    const waiting = others.toSorted((a, b) => b.latencyMs - a.latencyMs);
    const judgement = fail('WAITS_FOR_STORE', observed, expected, stories(evidence, waiting));
    const prompt = waits(others).filter(ms => ms <= PROMPT_MS).length / others.length;
    if (share < SERVED_SHARE || slow > PROMPT_MS) return unlessBusy(evidence.control.busy, prompt, judgement);
  }
  if (others.length === 0 || share < SERVED_SHARE)
    return unlessBusy(
      evidence.control.busy,
      share,
      fail('FAILS_CLOSED', observed, expected, stories(evidence, failed)),
    );
  if (accepted.length > most)
    return fail('FAILS_OPEN', observed, expected, perGateway(accepted, stories(evidence, accepted)));
  return pass(observed, expected);
}

/** The most that a client may get in a window, from so many gateways that each hold it to the limit. */
function allowed(window: Window, gateways: number): number {
  return TOLERANCE * gateways * (RATE * secondsOf(window) + BURST);
}

function perGateway(accepted: ReturnType<typeof of>, more: readonly string[]): readonly string[] {
  const count = (gateway: number): number =>
    accepted.filter(({operation}) => operation.facts?.gateway === gateway).length;
  return [`gateway-1 accepted ${count(1)}, gateway-2 ${count(2)}`, ...more];
}
