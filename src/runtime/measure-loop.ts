import type {Address} from '../topology/address.ts';
import {askLivez} from './ask-livez.ts';
import type {NodeMeasure} from './disturbance.ts';

const ASK_EVERY_MS = 50;
const ANSWER_WITHIN_MS = 2_000;

/**
 * How long a service takes to answer, for a while: each question has its own time, whatever became of the one before, so that a loop that is
 * held up now and then is caught at it.
 */
export async function measureLoop(address: Address, forMs: number): Promise<NodeMeasure> {
  const asked: Promise<number | undefined>[] = [];
  for (const end = performance.now() + forMs; ; await delay(ASK_EVERY_MS)) {
    asked.push(roundTrip(address));
    if (performance.now() >= end) break;
  }
  const took = await Promise.all(asked);
  return {
    kind: 'busy',
    asked: took.length,
    answered: took.filter(ms => ms !== undefined).length,
    slowestMs: Math.max(...took.map(ms => ms ?? ANSWER_WITHIN_MS)),
  };
}

async function roundTrip(address: Address): Promise<number | undefined> {
  const from = performance.now();
  return askLivez(address, ANSWER_WITHIN_MS).then(
    () => performance.now() - from,
    () => undefined,
  );
}

async function delay(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms));
}
