import type {Book} from './book.ts';
import type {Evidence} from './evidence.ts';

export interface Verdict {
  readonly invariant: string;
  /** How many things were looked at: nothing holds of nothing. */
  readonly looked: number;
  readonly violations: readonly string[];
}

/** What was asked of the system once everything had come to rest. */
export interface LastAnswers {
  /** Sessions that nobody has ended, as far as anybody knows: status of a refresh. */
  readonly live: readonly {readonly account: string; readonly status: number}[];
  /** Sessions that were ended, with an acknowledgement. */
  readonly ended: readonly {readonly account: string; readonly status: number}[];
  readonly deadLetters: readonly string[];
}

const PANE_MS = 1_000;
/** Of what people ask for, over all operations: less than this, and nothing is proven of the rest. */
const ACKNOWLEDGED_SHARE_MIN = 0.25;

/** Holds what is stored against what clients were told. Each verdict is one invariant, whatever the faults were. */
export function judgeSoak(book: Book, evidence: Evidence, last: LastAnswers): readonly Verdict[] {
  const states = new Map(evidence.accounts.map(({id, state}) => [id, state]));
  const acknowledged = book.accounts.flatMap(({ids}) => [...ids]);
  const closed = book.accounts.filter(({closing}) => closing === 'acknowledged').flatMap(({ids}) => [...ids]);
  const mayBeClosed = new Set(book.accounts.filter(({closing}) => closing !== 'no').flatMap(({ids}) => [...ids]));
  const stored = new Set(evidence.activity.map(({id}) => id));
  const late = new Set(evidence.late);
  const events = [...book.events.values()];
  const registered = new Map(evidence.registrations.map(({account, count}) => [account, count]));
  return [
    verdict('people get on while things fail', sumOf(book, 'asked'), tooFew(book)),
    verdict('clients got no answer that is wrong whatever happened', book.accounts.length, book.wrongAnswers),
    verdict('every acknowledged account is there, and open unless its owner closed it', acknowledged.length, [
      ...acknowledged.filter(id => !states.has(id)).map(id => `account ${id} was answered 201, and is not there`),
      ...acknowledged
        .filter(id => !mayBeClosed.has(id) && states.has(id) && states.get(id) !== 'active')
        .map(id => `account ${id} is ${states.get(id)}, and nobody closed it`),
      ...closed
        .filter(id => states.get(id) !== 'erased')
        .map(id => `account ${id} was closed, and is ${states.get(id)}`),
    ]),
    verdict('a registration that was sent several times opened one account', evidence.accounts.length, [
      ...book.accounts
        .filter(({ids}) => ids.size > 1)
        .map(({key, ids}) => `key ${key} was answered ${[...ids].join(', ')}`),
      ...without(states.keys(), new Set(evidence.keys.map(({account}) => account))).map(
        id => `account ${id} belongs to no request`,
      ),
      ...repeated(evidence.keys.map(({account}) => account)).map(id => `account ${id} was the answer to two keys`),
    ]),
    verdict('every account was told of once, and took effect once', evidence.registrations.length, [
      ...without(states.keys(), registered).map(id => `stream never heard of account ${id}`),
      ...without(registered.keys(), states).map(id => `stream knows account ${id}, which does not exist`),
      ...[...registered]
        .filter(([, count]) => count !== 1)
        .map(([id, count]) => `account ${id} has ${count} registrations`),
      ...evidence.doubleEffects.map(id => `event ${id} took effect more than once`),
      ...evidence.outbox.filter(({published}) => !published).map(({id}) => `event ${id} was never published`),
      ...without(
        evidence.sessions.map(({id}) => `session.started/${id}`),
        new Set(evidence.outbox.map(({id}) => id)),
      ).map(id => `there is no event ${id}`),
    ]),
    verdict('every acknowledged event is kept, and none that nobody sent', events.length, [
      ...events
        .filter(({id, acknowledged: isAcknowledged}) => isAcknowledged && !stored.has(id))
        .map(({id}) => `event ${id} was answered 202, and is not there`),
      ...evidence.activity.filter(({id}) => !book.events.has(id)).map(({id}) => `event ${id} was sent by nobody`),
      ...repeated(evidence.activity.map(({id}) => id)).map(id => `event ${id} is there twice`),
      ...last.deadLetters.map(id => `message ${id} was given up`),
    ]),
    verdict('windows hold what an offline count of the same events gives', evidence.panes.size, [
      ...comparePanes(evidence.panes, countOffline(book, stored)),
      ...events
        .filter(({id, isLate}) => stored.has(id) && isLate !== late.has(id))
        .map(({id, isLate}) => (isLate ? `event ${id} was counted minutes late` : `event ${id} was taken for late`)),
    ]),
    verdict('sessions are as their owners were told', evidence.sessions.length, [
      ...last.live
        .filter(({status}) => status !== 200)
        .map(({account, status}) => `a session of ${account} that nobody ended: refresh answered ${status}`),
      ...last.ended
        .filter(({status}) => status !== 401)
        .map(({account, status}) => `a session of ${account} that was ended: refresh answered ${status}`),
      ...evidence.sessions
        .filter(({unused}) => unused > 1)
        .map(({id, unused}) => `session ${id} has ${unused} tokens that are good`),
      ...evidence.accounts
        .filter(({state, liveSessions}) => state !== 'active' && liveSessions > 0)
        .map(({id, state, liveSessions}) => `account ${id} is ${state} and has ${liveSessions} live sessions`),
    ]),
    verdict('no account is active without a quota, and no quota is left without an account', evidence.quotas.length, [
      ...(evidence.openSagas === 0 ? [] : [`${evidence.openSagas} sagas have not come to their end`]),
      ...evidence.accounts
        .filter(({state}) => state === 'pending' || state === 'closed')
        .map(({id, state}) => `account ${id} is ${state}`),
      ...without(
        evidence.accounts.filter(({state}) => state === 'active').map(({id}) => id),
        new Set(evidence.quotas),
      ).map(id => `account ${id} is active and has no quota`),
      ...evidence.quotas
        .filter(id => states.get(id) !== 'active')
        .map(id => `there is a quota for account ${id}, which is ${states.get(id) ?? 'not there'}`),
    ]),
  ];
}

function tooFew(book: Book): readonly string[] {
  const [asked, acknowledged] = [sumOf(book, 'asked'), sumOf(book, 'acknowledged')];
  return acknowledged >= ACKNOWLEDGED_SHARE_MIN * asked
    ? []
    : [`${acknowledged} of ${asked} operations were acknowledged`];
}

function sumOf({operations}: Book, what: 'asked' | 'acknowledged'): number {
  return [...operations.values()].reduce((sum, counts) => sum + counts[what], 0);
}

/** The clients know when each event happened; the system only says which of them it has. */
function countOffline({events}: Book, stored: ReadonlySet<string>): ReadonlyMap<number, number> {
  const panes = new Map<number, number>();
  for (const {id, at, isLate} of events.values()) {
    if (!stored.has(id) || isLate) continue;
    const pane = Math.floor(at / PANE_MS) * PANE_MS;
    panes.set(pane, (panes.get(pane) ?? 0) + 1);
  }
  return panes;
}

function comparePanes(actual: ReadonlyMap<number, number>, expected: ReadonlyMap<number, number>): readonly string[] {
  return [...new Set([...actual.keys(), ...expected.keys()])]
    .filter(start => actual.get(start) !== expected.get(start))
    .map(
      start =>
        `the second ${new Date(start).toISOString()} has ${actual.get(start) ?? 0} events, ${expected.get(start) ?? 0} happened in it`,
    );
}

function verdict(invariant: string, looked: number, violations: readonly string[]): Verdict {
  return {invariant, looked, violations: looked === 0 ? ['there was nothing to look at', ...violations] : violations};
}

function without(all: Iterable<string>, known: {has(id: string): boolean}): readonly string[] {
  return [...all].filter(id => !known.has(id));
}

function repeated(all: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return all.filter(id => seen.size === seen.add(id).size);
}
