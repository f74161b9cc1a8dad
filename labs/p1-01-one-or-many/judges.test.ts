import {describe, expect, it} from 'vitest';
import {codesOf, refusals} from '../../src/labs/testing.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Run} from './evidence.ts';
import lab from './lab.ts';
import {killsOf, type Process} from './split.ts';
import {CALLS} from './traffic.ts';

const FROM = 1_000_000;
const SPLIT: readonly Process[] = [
  {name: 'identity', modules: ['accounts', 'quotas'], database: 'identity-db'},
  {name: 'stream', modules: ['activity'], database: 'stream-db'},
  {name: 'watch', modules: ['alerts'], database: 'watch-db'},
];
const NAMES = Object.keys(CALLS);
/** Each process is down for so long, ms, that twenty journeys begin meanwhile, which are a hundred calls. */
const DOWN_MS = 4_200;
const CRASH_EVERY_MS = 10_000;
const JOURNEYS = 15;
const PEOPLE = ['ada', 'barbara', 'edsger', 'grace'];

interface Change {
  readonly processes?: readonly Process[];
  /** Calls that fail although they need not, by id: `sign-in-12`. */
  readonly fails?: (id: string) => boolean;
  /** Calls between processes in the baseline beyond the gateway's own. */
  readonly more?: number;
  readonly quotas?: readonly string[];
}

/** A split that fares as well as it can: what needs the module that crashed fails, and nothing else. */
function seen({processes = SPLIT, fails = () => false, more = 0, quotas = PEOPLE}: Change = {}): Run {
  const kills = killsOf(processes);
  const crashes = kills.map(({module}, index) => {
    const at = FROM + 2_000 + index * CRASH_EVERY_MS;
    return {module, kind: 'crash', plannedAt: at, appliedAt: at, endedAt: at + DOWN_MS};
  });
  const calls = (from: number, count: number) =>
    Array.from({length: count}, (_, index) => {
      const [name = '', id] = [NAMES[index % NAMES.length], `${NAMES[index % NAMES.length]}-${index}`];
      const at = from + 40 * index;
      const isDown = crashes.some(
        ({module, appliedAt, endedAt}) => CALLS[name]?.includes(module) && at >= appliedAt && at < endedAt,
      );
      const outcome = isDown || fails(id) ? 'info' : 'ok';
      const operation = {request: {method: 'GET', path: '/'}};
      return {id, name, intendedAt: at, outcome, sends: [], operation} as unknown as LedgerEntry;
    });
  const lengthMs = 2_000 + kills.length * CRASH_EVERY_MS;
  const requests = (count: number, link: string) =>
    Array.from({length: count}, () => ({link, from: link.split('->')[0]}));
  return {
    seed: 1,
    setup: {processes, people: []},
    baseline: calls(FROM - 10_000, JOURNEYS * NAMES.length),
    baselineRequests: [
      ...requests(JOURNEYS * NAMES.length, 'client->gateway'),
      ...requests(JOURNEYS * NAMES.length, 'gateway->identity'),
      ...requests(more, 'identity->stream'),
    ],
    attack: calls(FROM, lengthMs / 40),
    faults: crashes,
    times: {attackFrom: FROM, attackTo: FROM + lengthMs},
    control: {busy: false},
    final: {accounts: PEOPLE, quotas},
  } as unknown as Run;
}

/** Calls that begin while the process with the alerts is down, which none of them needs. */
const FIRST_CRASH = {from: 53, to: 153};
const numberOf = (id: string): number => Number(id.split('-').at(-1));
const among = (from: number, count: number) => (id: string) => numberOf(id) >= from && numberOf(id) < from + count;
const apart: readonly Process[] = [
  {name: 'identity', modules: ['accounts'], database: 'identity-db'},
  {name: 'stream', modules: ['quotas', 'activity'], database: 'stream-db'},
  {name: 'watch', modules: ['alerts'], database: 'watch-db'},
];

const REFUSED_WITH: Readonly<Record<string, Run>> = {
  'goes-on/TAKES_OTHERS_DOWN': seen({fails: among(FIRST_CRASH.from, 2)}),
  'whole-accounts/HALF_AN_ACCOUNT': seen({quotas: PEOPLE.slice(1)}),
  'few-calls/TOO_MANY_CALLS': seen({more: JOURNEYS}),
  'changes-in-one/CHANGES_EVERYWHERE': seen({processes: apart}),
  'own-database/SHARED_DATABASE': seen({processes: SPLIT.map(process => ({...process, database: 'main-db'}))}),
};

describe("p1-01's judges", () => {
  it('pass a split of which only that fails which needs what crashed', () => {
    expect(refusals(lab, seen())).toEqual([]);
  });

  it('have a code for each mistake, and no other', () => {
    expect(Object.keys(REFUSED_WITH)).toEqual(codesOf(lab));
    for (const [code, run] of Object.entries(REFUSED_WITH)) expect(refusals(lab, run)).toEqual([code]);
  });

  it('let one call of a hundred fail needlessly in a crash, and any outside of one', () => {
    expect(refusals(lab, seen({fails: among(FIRST_CRASH.from, 1)}))).toEqual([]);
    expect(refusals(lab, seen({fails: among(FIRST_CRASH.to - 1, 1)}))).toEqual([]);
    expect(refusals(lab, seen({fails: among(FIRST_CRASH.to, 40)}))).toEqual([]);
  });

  it('let a journey make 5.8 calls', () => {
    expect(refusals(lab, seen({more: 0.8 * JOURNEYS}))).toEqual([]);
    expect(refusals(lab, seen({more: 0.8 * JOURNEYS + 1}))).toEqual(['few-calls/TOO_MANY_CALLS']);
  });

  it('count quotas of nobody for nothing', () => {
    const run = seen({quotas: [...PEOPLE.slice(1), 'nobody']});
    expect(refusals(lab, run)).toEqual(['whole-accounts/HALF_AN_ACCOUNT']);
  });

  it('leave open what crashes do to calls that had not come back before', () => {
    expect(refusals(lab, seen({fails: among(0, FIRST_CRASH.from - 3)}))).toEqual(['goes-on/NOTHING_ASKED (open)']);
  });

  it('leave open what was not seen', () => {
    const run = seen();
    const open = ['goes-on/NOTHING_ASKED (open)'];
    expect(refusals(lab, {...run, faults: run.faults.slice(0, -1)})).toEqual(open);
    expect(refusals(lab, {...run, times: {...run.times, attackTo: FROM + CRASH_EVERY_MS}})).toEqual(open);
    expect(refusals(lab, {...run, attack: []})).toEqual(open);
    const silent = {
      ...run,
      baseline: [],
      baselineRequests: [],
      attack: [],
      faults: [],
      final: {accounts: [], quotas: []},
    };
    expect(refusals(lab, silent)).toEqual([
      ...open,
      'whole-accounts/NOTHING_OPENED (open)',
      'few-calls/NOTHING_SEEN (open)',
    ]);
    const unserved = run.baselineRequests.filter(({from}) => from === 'client');
    expect(refusals(lab, {...run, baselineRequests: unserved})).toEqual(['few-calls/NOTHING_SEEN (open)']);
  });
});
