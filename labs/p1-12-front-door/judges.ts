import {percentile} from '../../src/checkers/percentiles.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {
  afterwards,
  before,
  type Evidence,
  isAccepted,
  isOver,
  isTold,
  of,
  outage,
  secondsOf,
  sentIn,
  stories,
  type Window,
  waits,
} from './evidence.ts';
import {BURST, BURST_SHARE, RATE} from './traffic.ts';

const GATEWAYS = 2;
const TOLERANCE = 1.1;
const FAIR_SHARE = 0.7;
const SERVED_SHARE = 0.995;
const SERVED_ALONE_SHARE = 0.99;
const BURST_SERVED_SHARE = 0.97;
const TOLD_SHARE = 0.99;
/** The longest time, s, after which a bucket that is held at its limit has a token again; rounded up twice. */
const MAX_RETRY_AFTER = 3;
/** Slower than this is waiting for somebody, and not working, in ms. */
const PROMPT_MS = 1_000;

/** Clients within their limits, while the store is there. */
export function judgeOthers(evidence: Evidence): Judgement {
  const others = healthy(evidence).flatMap(window => [
    ...of(evidence, 'steady', window),
    ...of(evidence, 'burst', window),
  ]);
  const failed = others.filter(entry => !isAccepted(entry));
  const refused = failed.filter(({status}) => status === 429);
  const observed = `${others.length - failed.length} of ${others.length} requests of clients within their limits were served, ${refused.length} refused with 429`;
  const expected = `${SERVED_SHARE * 100} % of them are served`;
  if (others.length === 0) return nothingSeen(observed, expected);
  if (failed.length <= (1 - SERVED_SHARE) * others.length) return pass(observed, expected);
  const code = refused.length > failed.length / 2 ? 'OTHERS_REFUSED' : 'OTHERS_FAILED';
  return unlessBusy(
    evidence.control.busy,
    1 - failed.length / others.length,
    fail(code, observed, expected, stories(evidence, failed)),
  );
}

/** Requests that came all at once after a quiet time, while the store is there. */
export function judgeBursts(evidence: Evidence): Judgement {
  const bursts = healthy(evidence).flatMap(window => of(evidence, 'burst', window));
  const failed = bursts.filter(entry => !isAccepted(entry));
  const observed = `${bursts.length - failed.length} of ${bursts.length} requests that came in bursts of ${BURST_SHARE * BURST} after seconds of quiet were served`;
  const expected = `${BURST_SERVED_SHARE * 100} % of them are: the limit allows ${BURST} at once`;
  if (bursts.length === 0) return nothingSeen(observed, expected);
  if (failed.length <= (1 - BURST_SERVED_SHARE) * bursts.length) return pass(observed, expected);
  return unlessBusy(
    evidence.control.busy,
    1 - failed.length / bursts.length,
    fail('NO_BURST', observed, expected, stories(evidence, failed)),
  );
}

/** The flooder's accepted requests, while the store is there and again after it was away. */
export function judgeFlooder(evidence: Evidence): Judgement {
  const parts = healthy(evidence).map(window => {
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
  if (parts.some(({window}) => isOver(evidence, window) && sentIn(evidence, 'flood', window).length === 0))
    return nothingSeen(observed, expected);
  const under = parts.find(({accepted, least, window}) => isOver(evidence, window) && accepted.length < least);
  if (under === undefined) return pass(observed, expected);
  const refused = of(evidence, 'flood', under.window).filter(entry => !isAccepted(entry));
  return unlessBusy(
    evidence.control.busy,
    under.accepted.length / under.least,
    fail('FLOODER_STARVED', observed, expected, stories(evidence, refused.slice(-4))),
  );
}

/** How the flooder is told that it was too much, while the store is there. */
export function judgeExcess(evidence: Evidence): Judgement {
  const flood = of(evidence, 'flood', before(evidence));
  const excess = flood.filter(entry => !isAccepted(entry));
  const expected = `${TOLD_SHARE * 100} % of what is not accepted is 429 problem+json within 1 s, with a Retry-After of at most ${MAX_RETRY_AFTER} s`;
  const untold = excess.filter(entry => !isTold(entry));
  const slow = percentile(waits(excess), TOLD_SHARE) ?? 0;
  const observed = `${excess.length - untold.length} of ${excess.length} were answered so`;
  if (flood.length === 0) return nothingSeen(observed, expected);
  if (excess.length === 0) return fail('NOT_429', `nothing of ${flood.length} was refused`, expected);
  if (untold.length > (1 - TOLD_SHARE) * excess.length)
    return unlessBusy(
      evidence.control.busy,
      1 - untold.length / excess.length,
      fail('NOT_429', observed, expected, stories(evidence, untold)),
    );
  const wrong = excess.filter(entry => isTold(entry) && !(Number(entry.sends.at(-1)?.retryAfter) <= MAX_RETRY_AFTER));
  if (wrong.length > (1 - TOLD_SHARE) * excess.length)
    return fail(
      'BAD_RETRY_AFTER',
      `${wrong.length} of ${excess.length} refusals name another time, such as ${wrong[0]?.sends.at(-1)?.retryAfter} s`,
      expected,
      stories(evidence, wrong),
    );
  return pass(`${observed}, 99 % of them within ${Math.round(slow)} ms`, expected);
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
  const expected = `${SERVED_ALONE_SHARE * 100} % of the former, promptly, and at most ${Math.floor(most)} of the flooder's: the limit at each gateway`;
  if (others.length === 0 || sentIn(evidence, 'flood', window).length === 0) return nothingSeen(observed, expected);
  const share = (others.length - failed.length) / others.length;
  const late = failed.filter(({status, latencyMs}) => status === null || latencyMs > PROMPT_MS);
  if (late.length > failed.length / 2 || slow > PROMPT_MS) {
    const waiting = others.toSorted((a, b) => b.latencyMs - a.latencyMs);
    const judgement = fail('WAITS_FOR_STORE', observed, expected, stories(evidence, waiting));
    const prompt = waits(others).filter(ms => ms <= PROMPT_MS).length / others.length;
    if (share < SERVED_ALONE_SHARE || slow > PROMPT_MS) return unlessBusy(evidence.control.busy, prompt, judgement);
  }
  if (share < SERVED_ALONE_SHARE)
    return unlessBusy(
      evidence.control.busy,
      share,
      fail('FAILS_CLOSED', observed, expected, stories(evidence, failed)),
    );
  if (accepted.length > most)
    return fail('FAILS_OPEN', observed, expected, perGateway(accepted, stories(evidence, accepted)));
  return pass(observed, expected);
}

/** While the store is there, and has been for long enough that what came of its outage is over. */
function healthy(evidence: Evidence): readonly Window[] {
  return [before(evidence), afterwards(evidence)];
}

/** Nobody asked for anything, so nothing is known of what he would have got. */
function nothingSeen(observed: string, expected: string): Judgement {
  return inconclusive('NOTHING_TO_JUDGE', observed, expected);
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
