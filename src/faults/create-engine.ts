import {LabError} from '../errors.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {Plan} from '../topology/plan.ts';
import {createArmedSeries} from './armed-series.ts';
import {createBaselines} from './baselines.ts';
import type {FaultInfo} from './catalogue.ts';
import {didYouMean} from './check-request.ts';
import {createDirect} from './direct.ts';
import {createDisturbances} from './disturbances.ts';
import type {Probes} from './effect.ts';
import type {FaultEngine, Measuring} from './engine.ts';
import {createEntry, describeReach, type FaultEntry, holdOf, type ResolvedRequest, resolveRequest} from './entry.ts';
import type {EndedBy, FaultEffect, FaultRecord, FaultRequest} from './fault.ts';
import {createFaultBook} from './fault-book.ts';
import {createHolds} from './holds.ts';
import {isProbed, takesMemory} from './kinds.ts';
import {endLeftovers} from './leftovers.ts';
import {createMeasure} from './measure.ts';
import type {FaultNodes} from './nodes.ts';
import {type ProbePlan, probePlan} from './probe-plan.ts';
import {createRecordFile} from './record-file.ts';
import {createUndo, finalEffect} from './undo-fault.ts';
import {settledWithin} from './until.ts';
import {createFaultWatch} from './watch-fault.ts';

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

export function createFaultEngine(options: FaultEngineOptions): FaultEngine {
  const {fabric, nodes, onChange, now = Date.now} = options;
  const file = createRecordFile(options.recordFile);
  const holds = createHolds(nodes);
  const disturbances = createDisturbances(nodes);
  const baselines = createBaselines(fabric, now);
  const book = createFaultBook({file, now, onChange});
  const {entries, past, update, retire} = book;
  let timesCleared = 0;
  const overlapOf = (entry: FaultEntry): FaultEntry | undefined =>
    [...entries.values()].find(other => other !== entry && other.probed.some(proxy => entry.probed.includes(proxy)));
  const measures = createMeasure({fabric, nodes, baselines, now, holders: node => holds.holders(node), overlapOf});

  const undo = createUndo({fabric, book, holds, disturbances});
  const onTime = (entry: FaultEntry): Promise<void> => end(entry, 'time', 'background');
  const series = createArmedSeries({book, nodes, now, onDone: onTime});
  const {watch, look} = createFaultWatch({fabric, book, measures, now, onTime, undo: entry => undo(entry, 'heal')});
  const direct = createDirect({fabric, file, now, book, watch, look});

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
    const id = book.freshId();
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
    if (info.kind === 'crash-point') series.refuse(entry);
    if (entry.toxics.length > 0) await fabric.change({add: entry.toxics});
    const how = holdOf(info);
    if (how !== undefined) await Promise.all(record.nodes.map(node => holds.hold(node, how, record.id)));
    const {disturbance} = entry;
    if (disturbance !== undefined)
      await Promise.all(record.nodes.map(node => disturbances.add(node, record.id, disturbance)));
    void update(entry, {state: 'active', appliedAt: now()});
    if (info.kind === 'crash-point') series.start(entry);
    if (info.kind !== 'restart') watch(entry);
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
    crashes: series.crashes,
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

function refuseImpossible({kind}: FaultInfo, nodes: FaultNodes): void {
  const reason = nodes.abilities().missing[kind];
  if (reason !== undefined) throw new LabError('NOT_POSSIBLE_HERE', `${kind} is not possible here: ${reason}.`);
}
