import type {Fabric} from '../fabric/fabric.ts';
import {type Disturbance, isKitKind, type NodeMeasure} from '../runtime/disturbance.ts';
import type {Baselines} from './baselines.ts';
import {joinEffects, judgeCalm, judgeDisturbed} from './disturbance-effect.ts';
import {judgeEffect, judgeHealed, takeProbes} from './effect.ts';
import type {FaultEntry} from './entry.ts';
import type {FaultEffect} from './fault.ts';
import type {FaultNodes} from './nodes.ts';
import {type ProbePlan, probePlan} from './probe-plan.ts';
import {until} from './until.ts';

const HEALED_TIMEOUT_MS = 300;
const BACK_WITHIN_MS = 5_000;
const READY_WITHIN_MS = 30_000;
const GROWS_WITHIN_MS = 3_000;

export type NodeMeasures = ReadonlyMap<string, NodeMeasure>;

/** Finds out what faults do, and whether all is as before afterwards. */
export interface Measure {
  /** What nodes are like that are not disturbed yet; what cannot be measured is left out. */
  nodesBefore(disturbance: Disturbance | undefined, targets: readonly string[]): Promise<NodeMeasures>;
  effect(entry: FaultEntry, plan: ProbePlan): Promise<FaultEffect>;
  /** What a disturbance does now, as the node or its system says. */
  disturbed(entry: FaultEntry, disturbance: Disturbance): Promise<FaultEffect>;
  /** Waits, within a bound: what a fault leaves behind takes its time. */
  healed(entry: FaultEntry): Promise<FaultEffect>;
  areReady(targets: readonly string[]): Promise<boolean>;
}

export function createMeasure({
  fabric,
  nodes,
  baselines,
  now,
  holders,
  overlapOf,
}: {
  readonly fabric: Fabric;
  readonly nodes: FaultNodes;
  readonly baselines: Baselines;
  readonly now: () => number;
  /** Ids of the faults that keep a node from running. */
  readonly holders: (node: string) => readonly string[];
  /** Another fault in force at the same place. */
  readonly overlapOf: (entry: FaultEntry) => FaultEntry | undefined;
}): Measure {
  const measureNodes = async (disturbance: Disturbance, targets: readonly string[]): Promise<NodeMeasures> => {
    const measured = await Promise.all(
      targets.map(async node => [node, await nodes.measure(node, disturbance.kind).catch(() => undefined)] as const),
    );
    return new Map(measured.flatMap(([node, measure]) => (measure === undefined ? [] : [[node, measure]])));
  };

  /** Where no link leads to a node, only its state can tell. */
  const stateEffect = ({record}: FaultEntry): FaultEffect => ({
    verdict: record.nodes.every(node => nodes.state(node) !== 'ready') ? 'bites' : 'none',
    observed: record.nodes.map(node => `${node} is ${nodes.state(node)}`).join(', '),
  });

  const areReady: Measure['areReady'] = targets =>
    until(() => targets.every(node => nodes.state(node) === 'ready'), READY_WITHIN_MS);

  const disturbedEffect = async (entry: FaultEntry, disturbance: Disturbance): Promise<FaultEffect> => {
    const targets = entry.record.nodes;
    const after = await measureNodes(disturbance, targets);
    return joinEffects(
      targets.map(node => [node, judgeDisturbed(disturbance, entry.nodesBefore?.get(node), after.get(node))]),
    );
  };

  /** What grows is watched for a moment. Packets pass while it is measured, so that there is something to lose. */
  const growingEffect = async (entry: FaultEntry, disturbance: Disturbance, plan: ProbePlan): Promise<FaultEffect> => {
    if (!isKitKind(disturbance.kind)) await takeProbes(fabric, plan);
    let effect = await disturbedEffect(entry, disturbance);
    if (disturbance.kind !== 'leak') return effect;
    await until(
      async () => {
        if (effect.verdict === 'pending' && entry.ending === undefined)
          effect = await disturbedEffect(entry, disturbance);
        return effect.verdict !== 'pending' || entry.ending !== undefined;
      },
      GROWS_WITHIN_MS,
      200,
    );
    return effect;
  };

  const calmEffect = async (entry: FaultEntry, disturbance: Disturbance): Promise<FaultEffect> => {
    const targets = entry.record.nodes;
    const after = await measureNodes(disturbance, targets);
    const {verdict, observed} = joinEffects(
      targets.map(node => [node, judgeCalm(disturbance, entry.nodesBefore?.get(node), after.get(node))]),
    );
    // Back is whoever is back everywhere.
    const isBack = targets.every(
      node => judgeCalm(disturbance, entry.nodesBefore?.get(node), after.get(node)).verdict === 'none',
    );
    return {verdict: isBack ? 'none' : verdict === 'none' ? 'bites' : verdict, observed};
  };

  const linksHealed = async (entry: FaultEntry): Promise<FaultEffect> => {
    const plan = {
      ...probePlan(entry.record.kind, entry.record.attributes, entry.probed),
      timeoutMs: HEALED_TIMEOUT_MS,
    };
    if (plan.proxies.length === 0) return {verdict: 'none', observed: 'no link to probe'};
    const after = await takeProbes(fabric, plan);
    const healed = judgeHealed(entry.before, after);
    if (healed.verdict === 'none' && after.answered === after.count) baselines.remember(plan, after);
    return healed;
  };

  return {
    nodesBefore: async (disturbance, targets) =>
      disturbance === undefined || !isMeasuredBefore(disturbance) ? new Map() : measureNodes(disturbance, targets),
    effect: async (entry, plan) => {
      const {kind, attributes} = entry.record;
      if (entry.disturbance !== undefined) return growingEffect(entry, entry.disturbance, plan);
      const after = await takeProbes(fabric, plan);
      return after.count === 0 ? stateEffect(entry) : judgeEffect(kind, attributes, entry.before, after);
    },
    healed: async entry => {
      const startedAt = now();
      const {nodes: targets} = entry.record;
      if (targets.length > 0 && !(await areReady(targets.filter(node => holders(node).length === 0)))) {
        const notReady = targets.filter(node => nodes.state(node) !== 'ready').join(', ');
        return {verdict: 'bites', observed: `${notReady} not ready ${READY_WITHIN_MS} ms after its end`};
      }
      const ready =
        targets.length === 0 || entry.disturbance !== undefined
          ? ''
          : `ready ${Math.round(now() - startedAt)} ms after its end, `;
      let healed: FaultEffect = {verdict: 'none', observed: ''};
      const isBack = async (): Promise<boolean> => {
        const overlap = overlapOf(entry);
        if (overlap !== undefined) {
          healed = {verdict: 'pending', observed: `not measured: ${overlap.record.id} is in force there`};
          return true;
        }
        const links = await linksHealed(entry);
        const calm = entry.disturbance === undefined ? undefined : await calmEffect(entry, entry.disturbance);
        healed =
          calm === undefined
            ? links
            : {
                verdict: calm.verdict === 'none' ? links.verdict : calm.verdict,
                observed: `${calm.observed}; ${links.observed}`,
              };
        return healed.verdict === 'none';
      };
      await until(isBack, BACK_WITHIN_MS, 100);
      return {...healed, observed: `${ready}${healed.observed}`};
    },
    disturbed: disturbedEffect,
    areReady,
  };
}

/** Packet rules and orders to deliver otherwise are ours alone: without them there is nothing to count. */
function isMeasuredBefore({kind}: Disturbance): boolean {
  return !['packet-loss', 'ip-partition', 'redeliver', 'reorder'].includes(kind);
}
