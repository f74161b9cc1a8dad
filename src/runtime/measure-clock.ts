import {LabError} from '../errors.ts';
import type {Address} from '../topology/address.ts';
import {askLivez} from './ask-livez.ts';
import type {NodeMeasure} from './disturbance.ts';

const TRIES = 3;
const ANSWER_WITHIN_MS = 2_000;

/**
 * How far a service's clock is ahead of this machine's: the time that the kit gives at `/livez` against the middle of the quickest of a few
 * round trips, as NTP does it. Errors: FAULT_FAILED when nothing answers.
 */
export async function measureClock(node: string, address: Address): Promise<NodeMeasure> {
  const rounds: {offsetMs: number; withinMs: number}[] = [];
  for (let count = 0; count < TRIES; count++) {
    const from = performance.now();
    const sentAt = Date.now();
    const time = await timeOf(address).catch(() => undefined);
    const tookMs = performance.now() - from;
    // Who does not answer once is frozen, or gone.
    if (time === undefined) break;
    rounds.push({offsetMs: time - (sentAt + tookMs / 2), withinMs: tookMs / 2});
  }
  const [best] = rounds.sort((a, b) => a.withinMs - b.withinMs);
  if (best === undefined) throw new LabError('FAULT_FAILED', `${node} did not say what time it is.`);
  return {kind: 'skew', ...best};
}

/** Unix ms. */
async function timeOf(address: Address): Promise<number | undefined> {
  const {time} = JSON.parse(await askLivez(address, ANSWER_WITHIN_MS)) as {time?: unknown};
  const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
}
