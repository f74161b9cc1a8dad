import type {Fabric, ToxicAttributes, ToxicSpec} from '../fabric/fabric.ts';
import type {Disturbance} from '../runtime/disturbance.ts';
import type {Plan} from '../topology/plan.ts';
import type {FaultInfo} from './catalogue.ts';
import {checkRequest} from './check-request.ts';
import type {CrashSeries} from './crash-series.ts';
import {disturbanceOf} from './disturbances.ts';
import type {Probes} from './effect.ts';
import type {FaultEffect, FaultRecord, FaultRequest} from './fault.ts';
import type {Hold} from './holds.ts';
import type {Interval} from './interval.ts';
import type {NodeMeasures} from './measure.ts';
import {proxiesInto, type ResolvedTarget, resolveTarget} from './targets.ts';
import {nameToxics, type ToxicPart, toxicParts} from './toxics.ts';

/** A request that is right, and what it means in the running system. */
export interface ResolvedRequest {
  readonly info: FaultInfo;
  readonly attributes: ToxicAttributes;
  readonly disturbance?: Disturbance;
  readonly target: ResolvedTarget;
  readonly parts: readonly ToxicPart[];
  /** Proxies at which its effect shows. */
  readonly probed: readonly string[];
}

/** A fault that the engine has in hand: its record, and what the record does not hold. */
export interface FaultEntry {
  record: FaultRecord;
  readonly info: FaultInfo;
  toxics: readonly ToxicSpec[];
  /** Put on by the control API: nothing is probed for it, and all of them are looked at together. */
  readonly isDirect?: true;
  readonly probed: readonly string[];
  readonly disturbance?: Disturbance;
  /** Nodes before it. */
  nodesBefore?: NodeMeasures;
  /** Round trips before it. */
  before?: Probes;
  endTimer?: Interval;
  lookTimer?: Interval;
  series?: CrashSeries;
  /** What traffic has felt of it up to the last look. */
  felt?: FaultEffect | undefined;
  /** Its effect is known from traffic alone. */
  isFeltOnly?: true;
  /** Until it is in force, or has failed. */
  applying?: Promise<void>;
  ending?: Promise<void>;
  healing?: Promise<void>;
}

/** Errors: UNKNOWN_FAULT, UNKNOWN_ATTRIBUTE, BAD_VALUE, UNKNOWN_TARGET, NOT_POSSIBLE_HERE. */
export function resolveRequest(request: FaultRequest, plan: Plan): ResolvedRequest {
  const {info, attributes} = checkRequest(request);
  const target = resolveTarget(info, request.target, request.seed, plan);
  const parts = toxicParts(info, attributes, target);
  const probed =
    info.acts === 'nodes' ? proxiesInto(target.nodes, plan) : [...new Set(parts.flatMap(({proxies}) => proxies))];
  const disturbance = disturbanceOf({kind: info.kind, attributes, seed: request.seed, endsAt: null});
  return {info, attributes, target, parts, probed, ...(disturbance === undefined ? {} : {disturbance})};
}

/** A fault as it is planned at this moment, from which its end is counted. */
export function createEntry(id: string, request: FaultRequest, resolved: ResolvedRequest, now: number): FaultEntry {
  const {info, attributes, target, parts, probed} = resolved;
  const lastsMs = lifetimeMs(info, request.forMs, attributes);
  const endsAt = lastsMs === undefined ? null : now + lastsMs;
  const [first] = parts;
  const record: FaultRecord = {
    id,
    kind: info.kind,
    target: target.target,
    attributes,
    seed: request.seed,
    reason: request.reason,
    proxies: info.acts === 'nodes' ? [] : probed,
    nodes: target.nodes,
    ...(target.shape === undefined ? {} : {shape: target.shape}),
    undo: resolved.disturbance === undefined ? undoOf(info) : 'calm',
    ...(first === undefined ? {} : {toxic: first.kind}),
    state: 'planned',
    plannedAt: now,
    endsAt,
  };
  const disturbance = disturbanceOf(record);
  return {
    record,
    info,
    toxics: nameToxics(parts, record),
    probed,
    ...(disturbance === undefined ? {} : {disturbance}),
  };
}

/** How a fault of this kind holds its nodes, if it does. */
export function holdOf({kind}: FaultInfo): Hold | undefined {
  if (kind === 'crash') return 'down';
  return kind === 'pause' ? 'paused' : undefined;
}

/** What a dry run says: nodes, links, and the connections that are open on them now. */
export async function describeReach(record: FaultRecord, resolved: ResolvedRequest, fabric: Fabric): Promise<string> {
  const counters = await fabric.counters();
  const concerned = counters.filter(({name}) => resolved.probed.includes(name));
  const open = concerned.reduce((sum, {connections}) => sum + connections.open, 0);
  const nodes =
    record.nodes.length === 0 ? '' : `${count(record.nodes.length, 'node')} (${record.nodes.join(', ')}) and `;
  const links =
    resolved.probed.length === 0
      ? 'no link'
      : `${count(resolved.probed.length, 'link')} (${resolved.probed.join(', ')})`;
  const shape = record.shape === undefined ? '' : `${record.shape}: `;
  return `${shape}would touch ${nodes}${links} with ${count(open, 'live connection')}`;
}

/** A restart is over by itself, as soon as the node is ready again. */
function lifetimeMs(info: FaultInfo, forMs: number | undefined, attributes: ToxicAttributes): number | undefined {
  if (info.kind === 'restart') return 0;
  const restartAfter = attributes['restart-after'];
  return typeof restartAfter === 'number' ? Math.min(restartAfter, forMs ?? Number.POSITIVE_INFINITY) : forMs;
}

function undoOf({kind, acts}: FaultInfo): FaultRecord['undo'] {
  if (acts !== 'nodes') return 'remove-toxic';
  if (kind === 'crash' || kind === 'restart') return 'start';
  return kind === 'pause' ? 'resume' : 'disarm';
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
