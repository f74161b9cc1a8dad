import {availability} from '../../src/checkers/availability.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {ModuleName} from '../../src/topology/modules.ts';
import {EDGE_MS} from './script.ts';
import {type Kill, killsOf, type Process} from './split.ts';
import {CALLS, PATIENCE_MS, type Person} from './traffic.ts';

export type Setup = {
  readonly people: readonly Person[];
  readonly processes: readonly Process[];
};

export type Final = {
  /** Ids of the accounts that are committed, and of those that have a quota, each where its module keeps them. */
  readonly accounts: readonly string[];
  readonly quotas: readonly string[];
};

export type Run = Evidence<Setup, Final>;

export interface Outage {
  readonly kill: Kill;
  readonly from: number;
  /** What was asked for while the process was down. */
  readonly entries: readonly LedgerEntry[];
  /** Calls that had not come back from an earlier crash: of them this one tells nothing. */
  readonly unwell: ReadonlySet<string>;
}

/** What was meant to start while each process was down, as the records of the crashes tell it, once all of it has been answered or given up. */
export function outages({setup, attack, faults, times}: Run): readonly Outage[] {
  const crashes = faults.filter(({kind}) => kind === 'crash').toSorted((a, b) => a.plannedAt - b.plannedAt);
  return killsOf(setup.processes).flatMap((kill, index) => {
    const {appliedAt, endedAt} = crashes[index] ?? {};
    if (appliedAt === undefined || endedAt === undefined || times.attackTo < endedAt + PATIENCE_MS) return [];
    const [from, to] = [appliedAt + EDGE_MS, endedAt - EDGE_MS];
    const entries = attack.filter(({intendedAt}) => intendedAt >= from && intendedAt < to);
    const before = attack.filter(({intendedAt}) => intendedAt < appliedAt - EDGE_MS);
    const unwell = Object.keys(CALLS).filter(name => before.findLast(entry => entry.name === name)?.outcome !== 'ok');
    return [{kill, from, entries, unwell: new Set(unwell)}];
  });
}

/** Calls of an outage that do not need the module that is to blame. */
export function unconcerned({kill, entries, unwell}: Outage): readonly LedgerEntry[] {
  return entries.filter(({name}) => CALLS[name]?.includes(kill.module) === false && !unwell.has(name));
}

export function needlessly(outage: Outage): readonly LedgerEntry[] {
  return unconcerned(outage).filter(({outcome}) => outcome !== 'ok');
}

/** Whether calls that it concerns nothing of had not come back, so that what it does to them cannot be seen. */
export function isHidden({kill, unwell}: Outage): boolean {
  return [...unwell].some(name => CALLS[name]?.includes(kill.module) === false);
}

/** Of each kind of call that does not need what crashed, the share that was answered. */
export function byCall(
  outage: Outage,
): readonly {readonly name: string; readonly module: ModuleName; readonly share: number}[] {
  const entries = unconcerned(outage);
  return [...new Set(entries.map(({name}) => name))].map(name => ({
    name,
    module: outage.kill.module,
    share: availability(entries, {name}).share ?? 0,
  }));
}

export function halfAccounts({accounts, quotas}: Final): readonly string[] {
  const have = new Set(quotas);
  return accounts.filter(id => !have.has(id));
}

/** Requests between processes for each journey of the clients, before anything was broken; 0 where nobody made one. */
export function callsPerJourney({baseline, baselineRequests}: Run): number {
  const journeysMade = baseline.length / Object.keys(CALLS).length;
  const calls = baselineRequests.filter(({from}) => from !== 'client').length;
  return journeysMade === 0 ? 0 : calls / journeysMade;
}

export function busiestLinks({baselineRequests}: Run): readonly string[] {
  const counts = new Map<string, number>();
  for (const {link, from} of baselineRequests) if (from !== 'client') counts.set(link, (counts.get(link) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([link, count]) => `${link}: ${count} calls`);
}
