import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import {isLate} from './client.ts';
import type {Final, Setup} from './lab.ts';
import {STABLE} from './traffic.ts';

/** What was acknowledged is there: whoever is asked for it, and in the service's own database. */
export function judgeData({setup, final, control}: Evidence<Setup, Final>): Judgement {
  const {notFound, notInDatabase} = final;
  const expected = 'every item that was acknowledged is found at both replicas, and is in a table of own-db';
  const observed = `${setup.stable.length} of ${STABLE} new items were acknowledged (201, with an id); of a sample ${notFound.length} look-ups found nothing, ${notInDatabase.length} items are in no table of own-db`;
  if (setup.stable.length < STABLE / 2) return fail('NOT_FOUND_AGAIN', observed, expected);
  const lost = notFound.filter(({status}) => !control.busy || !isLate(status));
  const stories = notFound.slice(0, 4).map(({id, status}) => `${id}: ${status ?? 'no answer'}`);
  if (lost.length > 0) return fail('NOT_FOUND_AGAIN', observed, expected, stories);
  if (notInDatabase.length > 0) return fail('NOT_IN_ITS_DATABASE', observed, expected, notInDatabase.slice(0, 4));
  if (notFound.length > 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected, stories);
  return pass(observed, expected);
}
