import type {CheckResult} from '../../src/labs/verdict.ts';
import {TOO_BUSY} from './require.ts';

const LOOKS_MAX = 3;

/**
 * Looks again where a busy machine kept a check from coming to what it is to come to: it left something open, or took a service that got
 * no time for one that does not answer. What passes is never asked again.
 */
export async function unlessBusy<Checked extends {readonly result: CheckResult}>(
  look: () => Promise<Checked>,
  isTold: (result: CheckResult) => boolean,
): Promise<Checked> {
  for (let looks = 1; ; looks++) {
    const checked = await look();
    const {result} = checked;
    if (result.verdict === 'pass' || isTold(result) || !mayBeBusy(result)) return checked;
    if (looks === LOOKS_MAX) throw new Error(`${TOO_BUSY}: ${JSON.stringify(result.tasks)}`);
  }
}

function mayBeBusy({verdict, tasks}: CheckResult): boolean {
  return verdict === 'inconclusive' || tasks.some(({code}) => code === 'BREAKS_THE_SERVICE');
}
