import {report} from '../../src/labs/activity.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Setup} from './lab.ts';

/** Reports of drawn accounts: `events` versions each, one after the other, with work of `workMs` on average. */
export function reports(
  {random}: LabTools,
  {accounts}: Setup,
  phase: string,
  load: {readonly count: number; readonly perSecond: number; readonly events: number; readonly workMs: number},
): Operation[] {
  const versions = new Map<string, number>();
  return Array.from({length: load.count}, (_, index) => {
    const account = random.pick(accounts);
    const events = Array.from({length: load.events}, () => {
      const version = (versions.get(account.account) ?? 0) + 1;
      versions.set(account.account, version);
      // Some take much longer than others: what is worked on at the same time does not end in the order in which it began.
      const workMs = random.integer(Math.round(load.workMs / 3), Math.round((load.workMs * 5) / 3));
      return {id: `${phase}-v${String(version).padStart(4, '0')}-${random.hex(4)}`, kind: `work-${workMs}`};
    });
    const where = {id: `${phase}-${index}`, name: 'report', atMs: (index * 1_000) / load.perSecond};
    const retry = {sendsMax: 4, backoffMs: 100, timeoutMs: 2_000};
    return {...report(account, events, {...where, patienceMs: 8_000}), retry};
  });
}
