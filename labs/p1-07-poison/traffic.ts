import type {Message} from '../../services/kit/broker.ts';
import {report} from '../../src/labs/activity.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Setup} from './lab.ts';

const KINDS = ['walk', 'ride', 'swim', 'climb', 'read', 'sing'] as const;

/** Reports of drawn accounts, one event each. At the numbers of `unstorable` it is of a kind that the database refuses. */
export function reports(
  {random}: LabTools,
  {accounts, refusedKind}: Setup,
  phase: string,
  {
    count,
    perSecond,
    unstorable = [],
  }: {readonly count: number; readonly perSecond: number; readonly unstorable?: readonly number[]},
): Operation[] {
  return Array.from({length: count}, (_, index) => {
    const kind = unstorable.includes(index) ? refusedKind : random.pick(KINDS);
    const where = {id: `${phase}-${index}`, name: 'report', atMs: (index * 1_000) / perSecond};
    return report(random.pick(accounts), [{id: random.hex(12), kind}], where);
  });
}

/**
 * Records that nobody can read, as another producer with a mistake in it publishes them: with the keys of accounts, each between two that are
 * sound, and published with them, so that whoever reads it has all three in hand.
 */
export function unreadable(
  {random}: LabTools,
  {accounts}: Setup,
  count: number,
): readonly (readonly [Message, Message, Message])[] {
  const sound = (id: string, account: string): unknown => ({id, account, kind: 'walk', at: new Date().toISOString()});
  const shapes = random.shuffle<(id: string, account: string) => unknown>([
    (id, account) => ({id, account, kind: 'walk', at: 'yesterday'}),
    (id, account) => ({id, account, at: new Date().toISOString()}),
    (id, account) => JSON.stringify(sound(id, account)),
    id => ({id, account: 7, kind: 'walk', at: new Date().toISOString()}),
    () => null,
    (id, account) => [id, account],
  ]);
  return shapes.slice(0, count).map(shape => {
    const {account} = random.pick(accounts);
    const message = (data: (id: string, account: string) => unknown): Message => {
      const id = `import-${random.hex(10)}`;
      return {id: `${account}/${id}`, key: account, type: 'activity.reported', data: data(id, account)};
    };
    return [message(sound), message(shape), message(sound)];
  });
}
