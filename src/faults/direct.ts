import {LabError} from '../errors.ts';
import type {ApiChange, ApiToxic, ApiUpdate} from '../fabric/api/port.ts';
import type {Fabric, ToxicKind, ToxicSpec, ToxicState} from '../fabric/fabric.ts';
import {FAULT_CATALOGUE, type FaultInfo} from './catalogue.ts';
import type {FaultEntry} from './entry.ts';
import type {FaultEffect, FaultRecord} from './fault.ts';
import type {FaultBook} from './fault-book.ts';
import {type Interval, startInterval} from './interval.ts';
import type {RecordFile} from './record-file.ts';
import {type Traffic, trafficOf} from './traffic.ts';

/** A toxic as the control API asks for it, and for whom. */
export type DirectToxic = ApiToxic & {readonly reason: string};

/** Everything in it is done in one step, or nothing is. */
export type DirectChange = Omit<ApiChange, 'add'> & {readonly add?: readonly DirectToxic[]};

/** What the fault engine lends it. */
export interface DirectTools {
  readonly fabric: Fabric;
  readonly file: RecordFile;
  readonly now: () => number;
  readonly book: FaultBook;
  readonly watch: (entry: FaultEntry) => void;
  readonly look: (entry: FaultEntry, traffic: Traffic) => Promise<void>;
}

const LOOK_EVERY_MS = 500;

/**
 * Toxics that are put on without probes. They are in the record before they are applied, but nobody waits until the disk has it: what the
 * record is read for is the end of this process, not that of the machine, with which every toxic ends too.
 */
export function createDirect(tools: DirectTools): {change(change: DirectChange): Promise<void>; stop(): void} {
  const {fabric, file, now, book, watch, look} = tools;
  const {entries, past, update, retire} = book;
  let looking: Interval | undefined;

  const plan = (toxic: DirectToxic): FaultEntry => {
    const id = book.freshId();
    const entry = entryOf(id, toxic, now());
    entries.set(id, entry);
    return entry;
  };

  /** What ends already, or has ended, need not be removed. */
  const toRemove = (id: string): readonly FaultEntry[] => {
    const isEnding = entries.get(id)?.ending !== undefined || past.has(id);
    return isEnding ? [] : [inForce(id)];
  };

  const inForce = (id: string): FaultEntry => {
    const entry = entries.get(id);
    if (entry?.isDirect === true && entry.ending === undefined) return entry;
    throw new LabError('UNKNOWN_FAULT', `The toxic ${id} is not in force any more.`);
  };

  /** One look at the fabric for all of them, however many there are. */
  const lookAtAll = async (): Promise<void> => {
    const active = [...entries.values()].filter(({isDirect, record}) => isDirect && record.state === 'active');
    if (active.length === 0) return;
    const states = await fabric.toxics();
    for (const entry of active) await look(entry, trafficOf(entry, states));
  };

  /** How it went is in the record in memory at once, and follows in the file: a client that waits is kept from its next change. */
  const change = async ({add = [], update: updates = [], remove = [], ...proxies}: DirectChange): Promise<void> => {
    const ended = remove.flatMap(toRemove);
    const changed = updates.map(one => updated(inForce(one.id), one, now()));
    const fresh = add.map(plan);
    const work = (async () => {
      await Promise.all([...fresh, ...changed].map(async ({record}) => file.append(record)));
      const states = ended.length === 0 ? [] : await fabric.toxics();
      await fabric.change({
        ...proxies,
        add: [...fresh, ...changed].flatMap(({toxics}) => toxics),
        // What has ended by itself meanwhile is not there to be changed, and need not be removed.
        remove: [...changed, ...ended].flatMap(({toxics}) => toxics.map(({id}) => id)),
      });
      return states;
    })();
    const ending = work.then(
      () => undefined,
      () => undefined,
    );
    for (const entry of ended) entry.ending = ending;
    let states: readonly ToxicState[];
    try {
      states = await work;
    } catch (error) {
      for (const entry of ended) delete entry.ending;
      for (const {entry} of changed) await update(entry, {});
      for (const entry of fresh) await retire(entry, failed(error));
      throw error;
    }
    for (const {entry, record, toxics} of changed) {
      entry.toxics = toxics;
      void update(entry, {attributes: record.attributes, endsAt: record.endsAt});
      entry.endTimer?.stop();
      if (entry.ending === undefined) watch(entry);
    }
    for (const entry of ended) void retire(entry, endOf(entry, states));
    await Promise.all(fresh.map(activate));
    if (entries.size > 0) looking ??= startInterval(lookAtAll, () => LOOK_EVERY_MS);
  };

  const activate = async (entry: FaultEntry): Promise<void> => {
    if (entry.ending !== undefined) {
      // Everything was cleared just before it came into force.
      await fabric.change({remove: entry.toxics.map(({id}) => id)});
      return;
    }
    const effect: FaultEffect = {verdict: 'pending', observed: 'no traffic has felt it yet'};
    void update(entry, {state: 'active', appliedAt: now(), effect});
    watch(entry);
  };

  return {change, stop: () => looking?.stop()};
}

function entryOf(id: string, toxic: DirectToxic, now: number): FaultEntry {
  const {name, kind, proxy, stream, toxicity, attributes, seed, forMs, reason} = toxic;
  const info = infoOf(kind);
  const endsAt = forMs === undefined ? null : now + forMs;
  const record: FaultRecord = {
    id,
    ...(name === undefined ? {} : {name}),
    kind: info.kind,
    target: proxy,
    attributes: {...attributes, stream, toxicity},
    seed,
    reason,
    proxies: [proxy],
    nodes: [],
    undo: 'remove-toxic',
    toxic: kind,
    state: 'planned',
    plannedAt: now,
    endsAt,
  };
  const spec: ToxicSpec = {
    id,
    kind,
    proxies: [proxy],
    stream,
    toxicity,
    seed,
    attributes,
    ...(endsAt === null ? {} : {endsAt}),
  };
  return {record, info, toxics: [spec], probed: [proxy], isDirect: true};
}

interface Updated {
  readonly entry: FaultEntry;
  readonly record: FaultRecord;
  readonly toxics: readonly ToxicSpec[];
}

function updated(entry: FaultEntry, {attributes, toxicity, forMs}: ApiUpdate, now: number): Updated {
  const {record, toxics} = entry;
  const {stream = 'both'} = record.attributes;
  const endsAt = forMs === undefined ? record.endsAt : forMs === null ? null : now + forMs;
  return {
    entry,
    record: {...record, attributes: {...attributes, stream, toxicity}, endsAt},
    toxics: toxics.map(({endsAt: _, ...spec}) => ({
      ...spec,
      attributes,
      toxicity,
      ...(endsAt === null ? {} : {endsAt}),
    })),
  };
}

function infoOf(kind: ToxicKind): FaultInfo {
  return FAULT_CATALOGUE.find(({toxic, acts}) => toxic === kind && acts === 'links') ?? NOOP;
}

/** The one toxic that `teralab chaos` does not have. */
const NOOP: FaultInfo = {
  kind: 'noop',
  acts: 'links',
  does: '',
  targets: '',
  attributes: [],
  example: '',
};

function endOf(entry: FaultEntry, states: readonly ToxicState[]): Partial<FaultRecord> {
  return {
    state: 'ended',
    endedBy: 'clear',
    effect: trafficOf(entry, states).effect ?? {verdict: 'none', observed: 'no traffic felt it'},
  };
}

function failed(error: unknown): Partial<FaultRecord> {
  const observed = error instanceof Error ? error.message : String(error);
  return {state: 'failed', effect: {verdict: 'none', observed}};
}
