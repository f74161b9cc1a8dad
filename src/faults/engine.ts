import {LabError} from '../errors.ts';
import type {Fabric, ToxicSpec} from '../fabric/fabric.ts';
import type {Plan} from '../topology/plan.ts';
import type {FaultInfo} from './catalogue.ts';
import {checkRequest, didYouMean} from './check-request.ts';
import {type CrashSeriesResult, startCrashSeries} from './crash-series.ts';
import {judgeEffect, judgeHealed, type Probes, probePlan, takeProbes} from './effect.ts';
import type {FaultEffect, FaultRecord, FaultRequest} from './fault.ts';
import {createHolds, type Hold} from './holds.ts';
import {drawId} from './id.ts';
import {type Interval, startInterval} from './interval.ts';
import type {FaultNodes} from './nodes.ts';
import {createRecordFile} from './record-file.ts';
import {proxiesInto, type ResolvedTarget, resolveTarget} from './targets.ts';
import {toxicsOf} from './toxics.ts';
import {until} from './until.ts';

export interface FaultEngineOptions {
  readonly fabric: Fabric;
  /** The plan in force, asked for each request. */
  readonly plan: () => Plan;
  readonly nodes: FaultNodes;
  /** JSON Lines; written before a fault is applied. */
  readonly recordFile: string;
  /** Unix ms. */
  readonly now?: () => number;
  /** Told of every change of a record. */
  readonly onChange?: (record: FaultRecord) => void;
}

export interface Measuring {
  /** `wait` (default): returns once the effect was measured. `background`: returns once it is applied; the effect follows in the record. */
  readonly measure?: 'wait' | 'background';
}

export type EndedBy = NonNullable<FaultRecord['endedBy']>;

export interface FaultEngine {
  /** Errors: UNKNOWN_FAULT, UNKNOWN_TARGET, UNKNOWN_ATTRIBUTE, BAD_VALUE, NOT_POSSIBLE_HERE, FAULT_FAILED. */
  inject(request: FaultRequest, options?: Measuring): Promise<FaultRecord>;
  /** What the request would touch, as a record that is kept nowhere; the effect says it in words. */
  dryRun(request: FaultRequest): Promise<FaultRecord>;
  /** Ends a fault. Errors: UNKNOWN_FAULT. */
  clear(id: string, options?: Measuring & {readonly by?: EndedBy}): Promise<FaultRecord>;
  clearAll(options?: Measuring & {readonly by?: EndedBy}): Promise<readonly FaultRecord[]>;
  /** In force now. */
  list(): readonly FaultRecord[];
  /** All of the record, oldest first. */
  history(): readonly FaultRecord[];
  /** Reads the record and undoes what an earlier process left in force. */
  healLeftovers(): Promise<readonly FaultRecord[]>;
  /** Ends everything without measuring; nodes that are down stay down. */
  stop(): Promise<void>;
}

/** What the engine knows of a fault besides its record. */
interface Entry {
  record: FaultRecord;
  readonly info: FaultInfo;
  readonly toxics: readonly ToxicSpec[];
  /** Where its effect is measured. */
  readonly probed: readonly string[];
  before?: Probes;
  endTimer?: Interval;
  lookTimer?: Interval;
  series?: {stop(): Promise<CrashSeriesResult>};
  ending?: Promise<void>;
  healing?: Promise<void>;
}

const BASELINE_WITHIN_MS = 300;
const LOOK_EVERY_MS = 500;
/** The last look at a toxic's counters is this long before it ends by itself. */
const LAST_LOOK_MS = 40;
const BACK_WITHIN_MS = 5_000;
const READY_WITHIN_MS = 30_000;

export function createFaultEngine(options: FaultEngineOptions): FaultEngine {
  const {fabric, nodes, plan: currentPlan, onChange} = options;
  const now = options.now ?? Date.now;
  const file = createRecordFile(options.recordFile);
  const holds = createHolds(nodes);
  const entries = new Map<string, Entry>();
  const past = new Map<string, FaultRecord>();
  /** Latest undisturbed round trips, so that a fault that cannot wait has something to be compared with. */
  const known = new Map<string, Probes>();

  const prepare = (request: FaultRequest, id: string): Entry & {readonly target: ResolvedTarget} => {
    const {info, attributes} = checkRequest(request);
    const plan = currentPlan();
    const target = resolveTarget(info, request.target, request.seed, plan);
    refuseImpossible(info, nodes);
    const plannedAt = now();
    const lastsMs = lifetimeMs(request.forMs, attributes['restart-after']);
    const endsAt = lastsMs === undefined ? null : plannedAt + lastsMs;
    const toxics = info.acts === 'nodes' ? [] : toxicsOf({id, seed: request.seed, endsAt}, info, attributes, target);
    const touched = [...new Set(toxics.flatMap(({proxies}) => proxies))];
    const record: FaultRecord = {
      id, kind: info.kind, target: target.target, attributes, seed: request.seed, reason: request.reason,
      proxies: touched, nodes: target.nodes, undo: undoOf(info), ...(toxics[0] === undefined ? {} : {toxic: toxics[0].kind}),
      state: 'planned', plannedAt, endsAt: info.kind === 'restart' ? plannedAt : endsAt,
    };
    return {record, info, toxics, target, probed: info.acts === 'nodes' ? proxiesInto(target.nodes, plan) : touched};
  };

  const update = (entry: Entry, change: Partial<FaultRecord>): Promise<void> => {
    entry.record = {...entry.record, ...change};
    onChange?.(entry.record);
    // A fault must end even when the disk is full: what cannot be written here was planned in the file already.
    return file.append(entry.record).catch(() => {});
  };

  const plansProbes = (entry: Entry) => probePlan(entry.info.kind, entry.record.attributes, entry.probed);
  const isPlanned = (entry: Entry): boolean => entry.info.kind !== 'crash-point' && entry.info.kind !== 'restart';

  /** Round trips before the fault: probed within a bound, or as they were known before. */
  const measureBefore = async (entry: Entry, measure: Measuring['measure']): Promise<() => void> => {
    const key = entry.probed.join();
    const earlier = known.get(key);
    if (earlier !== undefined) entry.before = earlier;
    if (!isPlanned(entry) || entry.probed.length === 0) return () => {};
    let late = false;
    const probes = takeProbes(fabric, {...plansProbes(entry), count: measure === 'wait' ? 3 : 1, timeoutMs: BASELINE_WITHIN_MS}).then(result => {
      if (!late) entry.before = result;
    });
    if (measure === 'wait') await probes;
    // What answers only once the fault is on is no baseline.
    return () => {
      late = true;
    };
  };

  const inject: FaultEngine['inject'] = async (request, {measure = 'wait'} = {}) => {
    const checked = prepare(request, 'unnamed');
    const id = drawId(name => entries.has(name) || past.has(name));
    // Taken before the record is written, so that the end does not drift.
    entries.set(id, checked);
    let baselineOver = (): void => {};
    try {
      baselineOver = await measureBefore(checked, measure);
    } finally {
      entries.delete(id);
    }
    const before = checked.before;
    const entry: Entry = {...prepare(request, id), ...(before === undefined ? {} : {before})};
    entries.set(id, entry);
    try {
      await file.append(entry.record, {durable: true});
      if (checked.before !== undefined) entry.before = checked.before;
      baselineOver();
      await apply(entry);
    } catch (error) {
      await abandon(entry, error);
      throw asFaultError(entry, error);
    }
    const measured = measureEffect(entry).catch(() => {});
    if (measure === 'wait') await measured;
    return entry.record;
  };

  const apply = async (entry: Entry): Promise<void> => {
    const {info, record} = entry;
    if (entry.toxics.length > 0) await fabric.change({add: entry.toxics});
    const how = holdOf(info);
    if (how !== undefined) await Promise.all(record.nodes.map(node => holds.hold(node, how, record.id)));
    if (info.kind === 'crash-point') armSeries(entry);
    if (info.kind === 'restart') refuseHeld(entry);
    void update(entry, {state: 'active', appliedAt: now()});
    if (entry.record.endsAt !== null && info.kind !== 'restart') scheduleEnd(entry, entry.record.endsAt);
  };

  const abandon = async (entry: Entry, error: unknown): Promise<void> => {
    await undo(entry, 'heal').catch(() => {});
    const observed = error instanceof Error ? error.message : String(error);
    await update(entry, {state: 'failed', endedAt: now(), effect: {verdict: 'none', observed}});
    retire(entry);
  };

  const refuseHeld = ({record}: Entry): void => {
    for (const node of record.nodes) {
      const [holder] = holds.holders(node);
      if (holder !== undefined) throw new LabError('FAULT_FAILED', `${node} cannot be restarted: ${holder} holds it.`);
    }
  };

  const armSeries = (entry: Entry): void => {
    const {attributes, nodes: targets, seed} = entry.record;
    const skip = Number(attributes.skip);
    const series = startCrashSeries(
      {
        nodes: () => targets,
        points: String(attributes.point).split(','),
        times: Number(attributes.times),
        fromMs: 0,
        sinceReadyMs: Number(attributes['since-ready']),
        skipMin: attributes['skip-max'] === undefined ? skip : Math.min(skip, Number(attributes['skip-max'])),
        skipMax: Number(attributes['skip-max'] ?? skip),
        seed,
      },
      {nodes, now, onChange: result => void update(entry, {effect: crashEffect(result, 'so far')})},
    );
    entry.series = series;
    series.done.then(
      () => end(entry, 'time', 'background'),
      () => end(entry, 'time', 'background'),
    );
  };

  const scheduleEnd = (entry: Entry, endsAt: number): void => {
    if (entry.toxics.length > 0) entry.lookTimer = startInterval(() => look(entry), () => (endsAt - now() > LOOK_EVERY_MS + LAST_LOOK_MS ? LOOK_EVERY_MS : endsAt - now() - LAST_LOOK_MS));
    // Whatever the fabric does by itself at that time, the record ends just after it.
    entry.endTimer = startInterval(
      async () => {
        if (now() >= endsAt) await end(entry, 'time', 'background');
      },
      () => Math.max(1, Math.min(endsAt - now() + (entry.toxics.length > 0 ? 5 : 0), 2 ** 30)),
    );
  };

  /** Whether it is still in force, and what traffic has felt of it. */
  const look = async (entry: Entry): Promise<void> => {
    if (entry.ending !== undefined || entry.toxics.length === 0) return;
    const states = (await fabric.toxics()).filter(({id}) => entry.toxics.some(toxic => toxic.id === id));
    const {endsAt} = entry.record;
    if (entry.ending !== undefined || (endsAt !== null && now() >= endsAt - 10)) return;
    if (states.length < entry.toxics.length) {
      await fail(entry, 'it was taken away before its end');
      return;
    }
    const actions = states.reduce((sum, {touched}) => sum + touched.actions, 0);
    const connections = states.reduce((sum, {touched}) => sum + touched.connections, 0);
    if (entry.record.effect?.verdict !== 'bites' && actions > 0) {
      await update(entry, {effect: {verdict: 'bites', observed: `${actions} ${actionWord(entry)} on ${connections} connections`}});
    }
  };

  const fail = async (entry: Entry, why: string): Promise<void> => {
    entry.ending = undo(entry, 'heal');
    await entry.ending;
    await update(entry, {state: 'failed', endedAt: now(), effect: {verdict: 'none', observed: why}});
    retire(entry);
  };

  const measureEffect = async (entry: Entry): Promise<void> => {
    if (entry.info.kind === 'restart') return measureRestart(entry);
    if (entry.info.kind === 'crash-point') return;
    const after = await takeProbes(fabric, plansProbes(entry));
    if (entry.ending !== undefined || entry.record.effect?.verdict === 'bites') return;
    const effect = entry.probed.length === 0 ? stateEffect(entry) : judgeEffect(entry.info.kind, entry.record.attributes, entry.before, after);
    await update(entry, {effect});
    if (entry.record.endsAt === null && entry.toxics.length > 0) entry.lookTimer = startInterval(() => look(entry), () => LOOK_EVERY_MS);
  };

  const stateEffect = ({record}: Entry): FaultEffect => {
    const states = record.nodes.map(node => `${node} is ${nodes.state(node)}`).join(', ');
    const isHit = record.nodes.some(node => nodes.state(node) !== 'ready');
    return {verdict: isHit ? 'bites' : 'none', observed: states};
  };

  const measureRestart = async (entry: Entry): Promise<void> => {
    const {nodes: targets, attributes} = entry.record;
    const startedAt = now();
    try {
      await Promise.all(targets.map(node => nodes.restart(node, Number(attributes.grace))));
    } catch (error) {
      await abandon(entry, error);
      throw asFaultError(entry, error);
    }
    const isBack = await until(() => targets.every(node => nodes.state(node) === 'ready'), READY_WITHIN_MS);
    const observed = isBack ? `${targets.join(', ')} ready again ${now() - startedAt} ms after SIGTERM` : `${targets.join(', ')} not ready ${READY_WITHIN_MS} ms after SIGTERM`;
    await update(entry, {
      state: 'ended', endedAt: now(), endedBy: 'time',
      effect: {verdict: 'bites', observed}, healed: {verdict: isBack ? 'none' : 'bites', observed},
    });
    retire(entry);
  };

  /** Ends a fault once, whoever asks for it how often. */
  const end = async (entry: Entry, by: EndedBy, measure: Measuring['measure']): Promise<void> => {
    if (entry.record.state === 'ended' || entry.record.state === 'failed') return;
    entry.ending ??= finish(entry, by);
    await entry.ending;
    if (by === 'down') return;
    entry.healing ??= measureHealed(entry).catch(() => {});
    if (measure === 'wait') await entry.healing;
  };

  const finish = async (entry: Entry, by: EndedBy): Promise<void> => {
    let failure: string | undefined;
    await undo(entry, by).catch((error: unknown) => {
      failure = error instanceof Error ? error.message : String(error);
    });
    const endedAt = by === 'time' && entry.record.endsAt !== null ? Math.min(now(), entry.record.endsAt) : now();
    const effect = failure === undefined ? settledEffect(entry) : {verdict: 'none' as const, observed: `it could not be undone: ${failure}`};
    await update(entry, {state: failure === undefined ? 'ended' : 'failed', endedAt, endedBy: by, ...(effect === undefined ? {} : {effect})});
    retire(entry);
  };

  const undo = async (entry: Entry, by: EndedBy): Promise<void> => {
    entry.endTimer?.stop();
    entry.lookTimer?.stop();
    if (by !== 'time' && entry.toxics.length > 0) await lastLook(entry);
    const ids = entry.toxics.map(({id}) => id);
    const inForce = ids.length === 0 ? [] : (await fabric.toxics()).map(({id}) => id).filter(id => ids.includes(id));
    if (inForce.length > 0) await fabric.change({remove: inForce});
    if (entry.series !== undefined) {
      const result = await entry.series.stop();
      await update(entry, {effect: crashEffect(result, 'in all')});
    }
    const how = holdOf(entry.info);
    if (how !== undefined && by !== 'down') await Promise.all(entry.record.nodes.map(node => holds.release(node, how, entry.record.id)));
  };

  const lastLook = async (entry: Entry): Promise<void> => {
    if (entry.record.effect?.verdict === 'bites') return;
    const states = (await fabric.toxics()).filter(({id}) => entry.toxics.some(toxic => toxic.id === id));
    const actions = states.reduce((sum, {touched}) => sum + touched.actions, 0);
    const connections = states.reduce((sum, {touched}) => sum + touched.connections, 0);
    if (actions > 0) await update(entry, {effect: {verdict: 'bites', observed: `${actions} ${actionWord(entry)} on ${connections} connections`}});
  };

  /** Back to what it was before, within a bound: a fault leaves work behind that takes its time. */
  const measureHealed = async (entry: Entry): Promise<void> => {
    if (entry.record.state !== 'ended' || entry.info.kind === 'crash-point') return;
    const startedAt = now();
    const {nodes: targets} = entry.record;
    if (targets.length > 0) await until(() => targets.every(node => nodes.state(node) === 'ready' || holds.holders(node).length > 0), READY_WITHIN_MS);
    const notReady = targets.filter(node => nodes.state(node) !== 'ready');
    const overlap = [...entries.values()].find(other => other.probed.some(proxy => entry.probed.includes(proxy)));
    if (overlap !== undefined) {
      await update(entry, {healed: {verdict: 'pending', observed: `not measured: ${overlap.record.id} is in force there`}});
      return;
    }
    let healed: FaultEffect = {verdict: 'none', observed: 'nothing to probe'};
    const probes = {...plansProbes(entry), timeoutMs: BASELINE_WITHIN_MS};
    if (probes.proxies.length > 0) {
      await until(async () => {
        const after = await takeProbes(fabric, probes);
        healed = judgeHealed(entry.before, after);
        if (healed.verdict === 'none' && after.answered === after.count) known.set(entry.probed.join(), after);
        return healed.verdict === 'none';
      }, BACK_WITHIN_MS, 100);
    }
    if (notReady.length > 0) healed = {verdict: 'bites', observed: `${notReady.join(', ')} not ready after ${READY_WITHIN_MS} ms`};
    else if (targets.length > 0) healed = {...healed, observed: `ready again after ${Math.round(now() - startedAt)} ms, ${healed.observed}`};
    await update(entry, {healed});
  };

  const retire = (entry: Entry): void => {
    entry.endTimer?.stop();
    entry.lookTimer?.stop();
    entries.delete(entry.record.id);
    retired.push(entry);
    past.set(entry.record.id, entry.record);
  };
  /** Ended in this process; their records still change while the return to the baseline is measured. */
  const retired: Entry[] = [];

  const clear: FaultEngine['clear'] = async (id, {by = 'clear', measure = 'wait'} = {}) => {
    const entry = entries.get(id);
    if (entry === undefined) {
      const ended = retired.find(({record}) => record.id === id)?.record ?? past.get(id);
      if (ended !== undefined) return ended;
      throw new LabError('UNKNOWN_FAULT', `There is no fault ${id}.${didYouMean(id, [...entries.keys()])}`);
    }
    await end(entry, by, measure);
    return entry.record;
  };

  return {
    inject,
    dryRun: async request => {
      const {record} = prepare(request, 'dry-run');
      return {...record, effect: {verdict: 'pending', observed: await describeReach(record, fabric)}};
    },
    clear,
    clearAll: async settings => {
      const ids = [...entries.keys()];
      return Promise.all(ids.map(id => clear(id, settings)));
    },
    list: () => [...entries.values()].map(({record}) => record).filter(({state}) => state === 'active'),
    history: () => {
      const all = new Map(past);
      for (const {record} of [...retired, ...entries.values()]) all.set(record.id, record);
      return [...all.values()].sort((a, b) => a.plannedAt - b.plannedAt);
    },
    healLeftovers: async () => {
      const records = await file.read();
      for (const record of records) past.set(record.id, record);
      const left = records.filter(({state}) => state === 'planned' || state === 'active');
      const inForce = (await fabric.toxics()).map(({id}) => id);
      const healed: FaultRecord[] = [];
      for (const record of left) {
        const observed = await undoLeftover(record, {fabric, nodes, inForce});
        const ended: FaultRecord = {...record, state: 'ended', endedAt: now(), endedBy: 'heal', healed: {verdict: 'none', observed}};
        past.set(record.id, ended);
        healed.push(ended);
        await file.append(ended);
        onChange?.(ended);
      }
      return healed;
    },
    stop: async () => {
      await Promise.all([...entries.values()].map(entry => end(entry, 'down', 'background')));
      await holds.releasePauses();
      holds.stop();
      await file.close();
    },
  };

  function actionWord(entry: Entry): string {
    const words = {latency: 'delays', blackhole: 'chunks and closings held', reset_peer: 'resets', refuse: 'listeners closed or connections reset', drop_reply: 'answers dropped'};
    return words[entry.record.toxic ?? 'latency'];
  }

  /** At the end, what never showed has not bitten. */
  function settledEffect(entry: Entry): FaultEffect | undefined {
    const {effect} = entry.record;
    if (effect?.verdict !== 'pending') return undefined;
    return {verdict: 'none', observed: `${effect.observed}; until its end nothing was disturbed`};
  }
}

function refuseImpossible(info: FaultInfo, nodes: FaultNodes): void {
  const abilities = nodes.abilities();
  const needs = info.kind === 'pause' ? 'pause' : info.kind === 'crash-point' ? 'crashPoints' : undefined;
  if (needs === undefined || abilities[needs]) return;
  throw new LabError('NOT_POSSIBLE_HERE', `${info.kind} is not possible here: ${abilities.missing[needs] ?? 'the runtime cannot do it'}.`);
}

function lifetimeMs(forMs: number | undefined, restartAfter: unknown): number | undefined {
  if (typeof restartAfter !== 'number') return forMs;
  return Math.min(restartAfter, forMs ?? Number.POSITIVE_INFINITY);
}

function undoOf({kind, acts}: FaultInfo): FaultRecord['undo'] {
  if (acts !== 'nodes') return 'remove-toxic';
  if (kind === 'crash' || kind === 'restart') return 'start';
  return kind === 'pause' ? 'resume' : 'disarm';
}

function holdOf({kind}: FaultInfo): Hold | undefined {
  if (kind === 'crash') return 'down';
  return kind === 'pause' ? 'paused' : undefined;
}

function crashEffect({planned, hits, armed}: CrashSeriesResult, when: string): FaultEffect {
  const list = hits.map(({node, point}) => `${node} at ${point}`);
  const what = `${hits.length} of ${planned} planned hits ${when}${list.length === 0 ? '' : `: ${list.join(', ')}`}`;
  const waits = armed === null ? '' : `; ${armed.node} is armed at ${armed.point}`;
  return {verdict: hits.length > 0 ? 'bites' : 'pending', observed: `${what}${waits}`};
}

async function describeReach(record: FaultRecord, fabric: Fabric): Promise<string> {
  const counters = await fabric.counters();
  const open = (names: readonly string[]): number => counters.filter(({name}) => names.includes(name)).reduce((sum, {connections}) => sum + connections.open, 0);
  const parts: string[] = [];
  if (record.nodes.length > 0) parts.push(`the nodes ${record.nodes.join(', ')}`);
  if (record.proxies.length > 0) parts.push(`${record.proxies.length} links with ${open(record.proxies)} live connections (${record.proxies.join(', ')})`);
  return `would touch ${parts.join(' and ')}`;
}

async function undoLeftover(record: FaultRecord, {fabric, nodes, inForce}: {readonly fabric: Fabric; readonly nodes: FaultNodes; readonly inForce: readonly string[]}): Promise<string> {
  const toxics = inForce.filter(id => id === record.id || id.startsWith(`${record.id}.`));
  if (toxics.length > 0) await fabric.change({remove: toxics});
  const undone: string[] = toxics.map(id => `${id} removed`);
  for (const node of record.nodes) {
    try {
      const state = nodes.state(node);
      if (record.undo === 'resume' && state === 'paused') await nodes.resume(node);
      else if (record.undo === 'start' && (state === 'crashed' || state === 'stopped')) await nodes.start(node);
      else if (record.undo === 'disarm') await nodes.disarm(node);
      else continue;
      undone.push(`${node}: ${record.undo}`);
    } catch {
      // A node of an earlier system that is not there any more has nothing to be undone.
    }
  }
  return undone.length === 0 ? 'nothing of it was left' : undone.join(', ');
}

function asFaultError({record}: Entry, error: unknown): LabError {
  if (error instanceof LabError) return error;
  return new LabError('FAULT_FAILED', `${record.kind} on ${record.target} could not be applied: ${error instanceof Error ? error.message : String(error)}.`, {cause: error});
}
