import {LabError} from '../errors.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {Disturbance} from '../runtime/disturbance.ts';
import type {Plan} from '../topology/plan.ts';
import {createBaselines} from './baselines.ts';
import type {FaultInfo} from './catalogue.ts';
import {didYouMean} from './check-request.ts';
import {type CrashSeries, type CrashSeriesResult, crashChange, pointsOf, startCrashSeries} from './crash-series.ts';
import {createDirect, type DirectChange} from './direct.ts';
import {joinEffects, judgeDisturbed} from './disturbance-effect.ts';
import {createDisturbances} from './disturbances.ts';
import type {Probes} from './effect.ts';
import {createEntry, describeReach, type FaultEntry, holdOf, type ResolvedRequest, resolveRequest} from './entry.ts';
import type {FaultEffect, FaultRecord, FaultRequest} from './fault.ts';
import {createHolds} from './holds.ts';
import {drawId} from './id.ts';
import {startInterval} from './interval.ts';
import {counts, isProbed, showsInTime, takesMemory} from './kinds.ts';
import {endLeftovers} from './leftovers.ts';
import {createMeasure} from './measure.ts';
import type {FaultNodes} from './nodes.ts';
import {type ProbePlan, probePlan} from './probe-plan.ts';
import {createRecordFile} from './record-file.ts';
import {readTraffic, type Traffic} from './traffic.ts';
import {settledWithin} from './until.ts';

export interface FaultEngineOptions {
  readonly fabric: Fabric;
  /** The plan in force, asked for each request. */
  readonly plan: () => Plan;
  readonly nodes: FaultNodes;
  /** JSON Lines; each fault is in it before it is applied. */
  readonly recordFile: string;
  /** Told before the first and every other fault of nodes is applied, once it is in the record. */
  readonly beforeNodeFault?: () => void;
  /** Unix ms. Default: the system clock. */
  readonly now?: () => number;
  /** Told of every change of a record. */
  readonly onChange?: (record: FaultRecord) => void;
}

export interface Measuring {
  /** `wait` (default): returns once the effect was measured. `background`: returns once it is applied; the effect follows in the record. */
  readonly measure?: 'wait' | 'background';
}

export type EndedBy = NonNullable<FaultRecord['endedBy']>;
export type Clearing = Measuring & {
  readonly by?: EndedBy;
  /** With `wait`: how long at most, ms; what takes longer follows in the record. Default: as long as it takes. */
  readonly healedWithinMs?: number;
};

export interface FaultEngine {
  /** Errors: UNKNOWN_FAULT, UNKNOWN_TARGET, UNKNOWN_ATTRIBUTE, BAD_VALUE, NOT_POSSIBLE_HERE, FAULT_FAILED. */
  inject(request: FaultRequest, options?: Measuring): Promise<FaultRecord>;
  /**
   * Changes toxics as the control API asks for it: all in one step, in the record before, and without probes, so that it takes no longer than
   * the fabric does. Errors: those of `Fabric.change`; UNKNOWN_FAULT for what has ended.
   */
  change(change: DirectChange): Promise<void>;
  /** What the request would touch, as a record that is kept nowhere; its effect says it in words. */
  dryRun(request: FaultRequest): Promise<FaultRecord>;
  /** Ends a fault; one that has ended already is returned as it is. Errors: UNKNOWN_FAULT. */
  clear(id: string, options?: Clearing): Promise<FaultRecord>;
  /** Ends everything that is in force or on its way: what is being injected meanwhile is given up, and is not in force any more when this returns. */
  clearAll(options?: Clearing): Promise<readonly FaultRecord[]>;
  /** How the crash points of a fault came out, once it is over; undefined for a fault that has none. */
  crashes(id: string): Promise<CrashSeriesResult> | undefined;
  /** In force now. */
  list(): readonly FaultRecord[];
  /** One of the record, whatever became of it. */
  find(id: string): FaultRecord | undefined;
  /** The whole record, oldest first. */
  history(): readonly FaultRecord[];
  /** Reads the record and undoes what an earlier process left in force. Returns what was healed. */
  healLeftovers(): Promise<readonly FaultRecord[]>;
  /** Ends everything without measuring; nodes that are down stay down. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 500;
const LOOK_AT_NODES_EVERY_MS = 1_000;
/** The last look at what traffic felt of a toxic is this long before it ends by itself. */
const LAST_LOOK_MS = 40;

export function createFaultEngine(options: FaultEngineOptions): FaultEngine {
  const {fabric, nodes, onChange, now = Date.now} = options;
  const file = createRecordFile(options.recordFile);
  const holds = createHolds(nodes);
  const disturbances = createDisturbances(nodes);
  const baselines = createBaselines(fabric, now);
  const entries = new Map<string, FaultEntry>();
  const past = new Map<string, FaultRecord>();
  const allSeries = new Map<string, CrashSeries>();
  let timesCleared = 0;
  const overlapOf = (entry: FaultEntry): FaultEntry | undefined =>
    [...entries.values()].find(other => other !== entry && other.probed.some(proxy => entry.probed.includes(proxy)));
  const measures = createMeasure({fabric, nodes, baselines, now, holders: node => holds.holders(node), overlapOf});

  const update = async (entry: FaultEntry, change: Partial<FaultRecord>): Promise<void> => {
    entry.record = {...entry.record, ...change};
    if (past.has(entry.record.id)) past.set(entry.record.id, entry.record);
    onChange?.(entry.record);
    // A fault has to end even when the disk is full: that it was planned is in the file already.
    await file.append(entry.record).catch(() => {});
  };

  const retire = async (entry: FaultEntry, change: Partial<FaultRecord>): Promise<void> => {
    entry.endTimer?.stop();
    entry.lookTimer?.stop();
    entries.delete(entry.record.id);
    past.set(entry.record.id, entry.record);
    await update(entry, {endedAt: now(), ...change});
  };

  const resolve = (request: FaultRequest): ResolvedRequest => {
    const resolved = resolveRequest(request, options.plan());
    refuseImpossible(resolved.info, nodes);
    return resolved;
  };

  // What a lowered limit does at its worst, whenever that comes.
  const unwatch = nodes.watch(({node, outOfMemory}) => {
    if (outOfMemory !== true) return;
    const effect: FaultEffect = {
      verdict: 'bites',
      observed: `${node} was killed by the kernel: its limit left it no memory`,
    };
    for (const entry of entries.values())
      if (takesMemory(entry) && entry.record.nodes.includes(node)) void update(entry, {effect});
  });

  const inject: FaultEngine['inject'] = async (request, {measure = 'wait'} = {}) => {
    const resolved = resolve(request);
    const probes = probePlan(resolved.info.kind, resolved.attributes, resolved.probed);
    const clearedBefore = timesCleared;
    // Nobody waits for a baseline on a timetable: what the quick probe knows by the time the record is written has to do.
    const [taken, nodesBefore] =
      measure === 'wait' && isProbed(resolved.info)
        ? await Promise.all([baselines.take(probes), measures.nodesBefore(resolved.disturbance, resolved.target.nodes)])
        : [];
    const glance = taken === undefined && isProbed(resolved.info) ? baselines.glance(probes) : undefined;
    if (timesCleared > clearedBefore) {
      throw new LabError(
        'FAULT_FAILED',
        `${request.kind} on ${request.target} was given up before it was applied: all faults were cleared meanwhile.`,
      );
    }
    const id = drawId(name => entries.has(name) || past.has(name));
    const entry = createEntry(id, request, resolved, now());
    entries.set(id, entry);
    try {
      await file.append(entry.record, {durable: true});
      const before = taken ?? glance?.current();
      if (before !== undefined) noteBefore(entry, probes, before);
      if (nodesBefore !== undefined) entry.nodesBefore = nodesBefore;
      if (entry.record.nodes.length > 0) options.beforeNodeFault?.();
      if (entry.ending === undefined) {
        entry.applying = apply(entry);
        await entry.applying;
      }
    } catch (error) {
      if (entry.ending === undefined) {
        entry.ending = undo(entry, 'heal').catch(() => {});
        await entry.ending;
        throw await failed(entry, error);
      }
    }
    if (entry.ending !== undefined) {
      await entry.ending;
      return entry.record;
    }
    const measured = measureEffect(entry, probes);
    if (measure === 'wait') await measured;
    else measured.catch(() => {});
    return entry.record;
  };

  const noteBefore = (entry: FaultEntry, plan: ProbePlan, before: Probes): void => {
    entry.before = before;
    if (overlapOf(entry) === undefined && before.answered === before.count) baselines.remember(plan, before);
  };

  const apply = async (entry: FaultEntry): Promise<void> => {
    const {info, record} = entry;
    if (info.kind === 'restart') refuseHeld(entry);
    if (info.kind === 'crash-point') refuseArmed(entry);
    if (entry.toxics.length > 0) await fabric.change({add: entry.toxics});
    const how = holdOf(info);
    if (how !== undefined) await Promise.all(record.nodes.map(node => holds.hold(node, how, record.id)));
    const {disturbance} = entry;
    if (disturbance !== undefined)
      await Promise.all(record.nodes.map(node => disturbances.add(node, record.id, disturbance)));
    void update(entry, {state: 'active', appliedAt: now()});
    if (info.kind === 'crash-point') startSeries(entry);
    if (info.kind !== 'restart') watchEnd(entry);
  };

  const failed = async (entry: FaultEntry, error: unknown): Promise<LabError> => {
    const observed = error instanceof Error ? error.message : String(error);
    await retire(entry, {state: 'failed', effect: {verdict: 'none', observed}});
    if (error instanceof LabError) return error;
    const {kind, target} = entry.record;
    return new LabError('FAULT_FAILED', `${kind} on ${target} could not be applied: ${observed}`, {cause: error});
  };

  const refuseHeld = ({record}: FaultEntry): void => {
    const node = record.nodes.find(name => holds.holders(name).length > 0);
    if (node !== undefined)
      throw new LabError('FAULT_FAILED', `${node} cannot be restarted: ${holds.holders(node).join(', ')} holds it.`);
  };

  /** Two series with one point on one node would take each other's hits for their own. */
  const refuseArmed = ({record}: FaultEntry): void => {
    for (const {record: other} of armingSeries()) {
      const nodes = other.nodes.filter(node => record.nodes.includes(node));
      const points = pointsOf(other).filter(point => pointsOf(record).includes(point));
      if (nodes.length > 0 && points.length > 0)
        throw new LabError('FAULT_FAILED', `${other.id} arms ${points.join(', ')} of ${nodes.join(', ')} already.`);
    }
  };

  const armingSeries = (): readonly (FaultEntry & {readonly series: CrashSeries})[] =>
    [...entries.values()].flatMap(entry => {
      const {series, ending} = entry;
      return series === undefined || ending !== undefined ? [] : [{...entry, series}];
    });

  const startSeries = (entry: FaultEntry): void => {
    const {attributes, nodes: targets, seed} = entry.record;
    const skip = Number(attributes.skip);
    const skipMax = attributes['skip-max'];
    const series = startCrashSeries(
      {
        nodes: () => targets,
        points: pointsOf(entry.record),
        times: Number(attributes.times),
        fromMs: 0,
        sinceReadyMs: Number(attributes['since-ready']),
        skipMin: skipMax === undefined ? skip : 0,
        skipMax: Number(skipMax ?? skip),
        seed,
      },
      {
        nodes,
        now,
        onChange: result => void update(entry, crashChange(result)),
        onDisarmed: async node => {
          const others = armingSeries().filter(({series: other}) => other !== series);
          await Promise.all(others.map(async ({series: other}) => other.rearm(node)));
        },
      },
    );
    entry.series = series;
    allSeries.set(entry.record.id, series);
    void update(entry, crashChange(series.result()));
    void series.done.catch(() => {}).then(() => end(entry, 'time', 'background'));
  };

  /** Ends it in time, and looks until then whether it is in force and felt. */
  const watchEnd = (entry: FaultEntry): void => {
    const leftMs = (): number => (entry.record.endsAt ?? Number.POSITIVE_INFINITY) - now();
    if (entry.toxics.length > 0 && entry.isDirect !== true) {
      entry.lookTimer = startInterval(
        async () => look(entry, await readTraffic(fabric, entry)),
        () => Math.min(LOOK_EVERY_MS, leftMs() - LAST_LOOK_MS),
      );
    }
    if (showsInTime(entry)) {
      entry.lookTimer = startInterval(
        () => lookAtNodes(entry),
        () => Math.min(LOOK_AT_NODES_EVERY_MS, leftMs()),
      );
    }
    if (entry.record.endsAt === null) return;
    // The fabric ends its toxics itself, and may be a thread away: the record follows a moment later.
    const slackMs = entry.toxics.length > 0 ? 5 : 0;
    entry.endTimer = startInterval(
      async () => {
        if (leftMs() <= 0) await end(entry, 'time', 'background');
      },
      () => Math.min(Math.max(1, leftMs() + slackMs), 2 ** 30),
    );
  };

  const look = async (entry: FaultEntry, traffic: Traffic): Promise<void> => {
    const {endsAt, effect} = entry.record;
    if (entry.ending !== undefined || (endsAt !== null && now() >= endsAt - 10)) return;
    entry.felt = traffic.effect ?? entry.felt;
    if (!traffic.inForce) {
      entry.ending = undo(entry, 'heal').catch(() => {});
      await retire(entry, {state: 'failed', effect: {verdict: 'none', observed: 'it was taken away before its end'}});
    } else if (traffic.effect !== undefined && effect?.verdict !== 'bites') await showFelt(entry, traffic.effect);
  };

  /** No probe has shown it: what traffic felt is all that there is to say. */
  const showFelt = async (entry: FaultEntry, effect: FaultEffect): Promise<void> => {
    entry.isFeltOnly = true;
    await update(entry, {effect});
  };

  const lookAtNodes = async (entry: FaultEntry): Promise<void> => {
    if (entry.disturbance === undefined || entry.record.effect?.verdict !== 'pending') return;
    const effect = await measures.disturbed(entry, entry.disturbance);
    if (entry.ending === undefined && effect.verdict === 'bites') await update(entry, {effect});
  };

  const measureEffect = async (entry: FaultEntry, plan: ProbePlan): Promise<void> => {
    if (entry.info.kind === 'restart') return restartNodes(entry);
    if (entry.info.kind === 'crash-point') return;
    const effect = await measures.effect(entry, plan);
    if (entry.ending !== undefined || entry.record.effect?.verdict === 'bites') return;
    await update(entry, {effect});
  };

  const restartNodes = async (entry: FaultEntry): Promise<void> => {
    const {nodes: targets, attributes} = entry.record;
    const startedAt = now();
    try {
      await Promise.all(targets.map(node => nodes.restart(node, Number(attributes.grace))));
    } catch (error) {
      throw await failed(entry, error);
    }
    const isBack = await measures.areReady(targets);
    const observed = `${targets.join(', ')} ${isBack ? 'ready again' : 'not ready'} ${Math.round(now() - startedAt)} ms after SIGTERM`;
    await retire(entry, {
      state: 'ended',
      endedBy: 'time',
      effect: {verdict: 'bites', observed},
      healed: {verdict: isBack ? 'none' : 'bites', observed},
    });
  };

  /** Ends a fault once, whoever asks for it and how often. A restart ends by itself. */
  const end = async (entry: FaultEntry, by: EndedBy, measure: Measuring['measure']): Promise<void> => {
    if (entry.info.kind === 'restart' || (entry.ending === undefined && entry.record.state === 'failed')) return;
    entry.ending ??= finish(entry, by);
    await entry.ending;
    if (by === 'down' || entry.isDirect === true || entry.record.state !== 'ended') return;
    entry.healing ??= measures
      .healed(entry)
      .then(healed => update(entry, {healed}))
      .catch(() => {});
    if (measure === 'wait') await entry.healing;
  };

  const finish = async (entry: FaultEntry, by: EndedBy): Promise<void> => {
    const {endsAt} = entry.record;
    // What is half applied cannot be undone.
    await entry.applying?.catch(() => {});
    try {
      await undo(entry, by);
    } catch (error) {
      const observed = `it could not be undone: ${error instanceof Error ? error.message : String(error)}`;
      await retire(entry, {state: 'failed', endedBy: by, effect: {verdict: 'none', observed}});
      return;
    }
    // The fabric ends its toxics itself, at that moment; nodes go on when they have been told, which takes its time.
    const isOnTime = by === 'time' && entry.toxics.length > 0;
    const endedAt = isOnTime && endsAt !== null ? Math.min(now(), endsAt) : now();
    await retire(entry, {state: 'ended', endedAt, endedBy: by, effect: finalEffect(entry)});
  };

  const undo = async (entry: FaultEntry, by: EndedBy): Promise<void> => {
    if (entry.toxics.length > 0) {
      const {ids, effect} = await readTraffic(fabric, entry);
      if (ids.length > 0) await fabric.change({remove: ids});
      entry.felt = effect ?? entry.felt;
      if (effect !== undefined && entry.record.effect?.verdict !== 'bites') await showFelt(entry, effect);
    }
    if (entry.series !== undefined) await update(entry, crashChange(await entry.series.stop()));
    const how = holdOf(entry.info);
    if (how !== undefined && by !== 'down')
      await Promise.all(entry.record.nodes.map(node => holds.release(node, how, entry.record.id)));
    if (entry.disturbance !== undefined) await calm(entry, entry.disturbance);
  };

  /** What has not shown yet may be seen in what was measured at the very end. */
  const calm = async (entry: FaultEntry, disturbance: Disturbance): Promise<void> => {
    const {id, nodes: targets, effect} = entry.record;
    const last = await Promise.all(targets.map(node => disturbances.remove(node, id, disturbance.kind)));
    // What counts has counted on since it was seen to bite.
    const isOpen = effect?.verdict === 'pending' || (effect?.verdict === 'bites' && counts(disturbance));
    if (!isOpen || last.includes(undefined)) return;
    const effects = targets.map(
      (node, index) => [node, judgeDisturbed(disturbance, entry.nodesBefore?.get(node), last[index])] as const,
    );
    await update(entry, {effect: joinEffects(effects)});
  };

  const clear: FaultEngine['clear'] = async (id, {by = 'clear', measure = 'wait', healedWithinMs} = {}) => {
    const entry = entries.get(id);
    const ended = past.get(id);
    if (entry !== undefined) {
      await end(entry, by, 'background');
      if (measure === 'wait') await settledWithin(entry.healing, healedWithinMs);
    } else if (ended === undefined)
      throw new LabError('UNKNOWN_FAULT', `There is no fault ${id}.${didYouMean(id, [...entries.keys()])}`);
    return entry?.record ?? (ended as FaultRecord);
  };

  const direct = createDirect({fabric, file, now, entries, isPast: id => past.has(id), update, retire, watchEnd, look});

  return {
    inject,
    change: direct.change,
    dryRun: async request => {
      const resolved = resolve(request);
      const {record} = createEntry('dry-run', request, resolved, now());
      return {...record, effect: {verdict: 'pending', observed: await describeReach(record, resolved, fabric)}};
    },
    clear,
    clearAll: async clearing => {
      timesCleared += 1;
      return Promise.all([...entries.keys()].map(id => clear(id, clearing)));
    },
    crashes: id => allSeries.get(id)?.done,
    list: () => [...entries.values()].map(({record}) => record).filter(({state}) => state === 'active'),
    find: id => entries.get(id)?.record ?? past.get(id),
    history: () =>
      [...past.values(), ...[...entries.values()].map(({record}) => record)].sort((a, b) => a.plannedAt - b.plannedAt),
    healLeftovers: async () => {
      const records = await file.read();
      for (const record of records) past.set(record.id, record);
      const healed: FaultRecord[] = [];
      for await (const ended of endLeftovers(records, {fabric, nodes, now})) {
        past.set(ended.id, ended);
        await file.append(ended);
        onChange?.(ended);
        healed.push(ended);
      }
      return healed;
    },
    stop: async () => {
      direct.stop();
      timesCleared += 1;
      await Promise.all([...entries.values()].map(entry => end(entry, 'down', 'background')));
      await holds.releasePauses();
      holds.stop();
      unwatch();
      await disturbances.removeAll();
      disturbances.stop();
      await file.close();
    },
  };
}

/** At its end, what never showed has not bitten; of what has, all that traffic felt is said. */
function finalEffect({applying, felt, isFeltOnly, record: {effect}}: FaultEntry): FaultEffect {
  if (applying === undefined) return {verdict: 'none', observed: 'it was ended before it was applied'};
  if (effect === undefined) return {verdict: 'pending', observed: 'it ended before it could be measured'};
  if (effect.verdict === 'pending')
    return {verdict: 'none', observed: `${effect.observed}; nothing was disturbed until its end`};
  if (felt === undefined || effect.verdict !== 'bites') return effect;
  return isFeltOnly === true ? felt : {...effect, observed: `${effect.observed}; in all ${felt.observed}`};
}

function refuseImpossible({kind}: FaultInfo, nodes: FaultNodes): void {
  const reason = nodes.abilities().missing[kind];
  if (reason !== undefined) throw new LabError('NOT_POSSIBLE_HERE', `${kind} is not possible here: ${reason}.`);
}
