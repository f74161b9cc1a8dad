import {type Event, report} from '../../src/labs/activity.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Setup} from './lab.ts';

const KINDS = ['walk', 'ride', 'swim', 'climb', 'read', 'sing'] as const;
/** One report in so many holds two events that are alike in everything but their ids. */
const TWINS_EVERY = 4;

/** Reports of drawn accounts, one event each; some have a twin, which says the same at the same time and is another event. */
export function reports(
  {random}: LabTools,
  {accounts}: Setup,
  phase: string,
  {count, perSecond}: {readonly count: number; readonly perSecond: number},
): Operation[] {
  return Array.from({length: count}, (_, index) => {
    const account = random.pick(accounts);
    const event = (): Event => ({id: random.hex(12), kind, at});
    const kind = random.pick(KINDS);
    const at = new Date(Date.now() - random.integer(0, 3_000)).toISOString();
    const events = index % TWINS_EVERY === 0 ? [event(), event()] : [event()];
    return report(account, events, {id: `${phase}-${index}`, name: 'report', atMs: (index * 1_000) / perSecond});
  });
}
