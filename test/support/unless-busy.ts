import type {CheckResult} from '../../src/labs/verdict.ts';
import {TOO_BUSY} from './require.ts';

/** No further look begins after this, ms. A look that came to nothing is short: what a busy machine fails first is the baseline. */
const LOOK_WITHIN_MS = 80_000;

/**
 * Looks again where a busy machine kept a check from coming to what it is to come to: it left something open, or took a service that got
 * no time for one that does not answer. What passes is never asked again.
 */
export async function unlessBusy<Checked extends {readonly result: CheckResult}>(
  look: () => Promise<Checked>,
  isTold: (result: CheckResult) => boolean,
): Promise<Checked> {
  const endsAt = performance.now() + LOOK_WITHIN_MS;
  for (;;) {
    const checked = await look();
    const {result} = checked;
    if (result.verdict === 'pass' || isTold(result) || !mayBeBusy(result)) return checked;
    if (performance.now() > endsAt) throw new Error(`${TOO_BUSY}: ${JSON.stringify(result.tasks)}`);
  }
}

function mayBeBusy({verdict, tasks}: CheckResult): boolean {
  return verdict === 'inconclusive' || tasks.some(({code}) => code === 'BREAKS_THE_SERVICE');
}
