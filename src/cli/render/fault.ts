import {FAULT_CATALOGUE} from '../../faults/catalogue.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import {clockTime, seconds} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {block, counted, listed} from '../output/text.ts';
import {formatDuration} from '../parse/duration.ts';
import {formatSize} from '../parse/size.ts';

export interface FaultRenderOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Unix ms. */
  readonly now: number;
}

/** `100 ms left`, `until cleared`, or how it ended. */
export function timeLeft(fault: FaultRecord, now: number): string {
  if (fault.state === 'ended' || fault.state === 'failed') return fault.state;
  if (fault.endsAt === null) return 'until cleared';
  return seconds(Math.max(0, fault.endsAt - now));
}

/** Cells: id, kind, target, time left, effect. */
export function faultRows(faults: readonly FaultRecord[], {now, paint}: FaultRenderOptions): string[][] {
  return faults.map(fault => [fault.id, fault.kind, fault.target, timeLeft(fault, now), effectText(fault, paint)]);
}

/** Cells: when, id, kind, target, how it went. */
export function historyRows(faults: readonly FaultRecord[], {now, paint}: FaultRenderOptions): string[][] {
  return faults.map(fault => {
    const lasted =
      fault.appliedAt !== undefined && fault.endedAt !== undefined
        ? ` after ${seconds(fault.endedAt - fault.appliedAt)}`
        : '';
    const ended = fault.endedBy === undefined ? '' : ` by ${fault.endedBy}`;
    const state =
      fault.state === 'active' && fault.endsAt !== null
        ? `active, ${timeLeft(fault, now)} left`
        : `${fault.state}${ended}${lasted}`;
    return [clockTime(fault.plannedAt), fault.id, fault.kind, fault.target, `${state}; ${effectText(fault, paint)}`];
  });
}

/** What was injected, what it touches, when it ends, and the proof that it bites. */
export function renderFault(fault: FaultRecord, {now, paint, width}: FaultRenderOptions): string[] {
  const id = paint.accent(fault.id);
  const attributes = attributesText(fault);
  const touched = [
    ...(fault.proxies.length === 0 ? [] : [counted(fault.proxies.length, 'connection path')]),
    ...(fault.nodes.length === 0 ? [] : [listed(fault.nodes)]),
  ];
  const lines = [`${paint.strong(fault.kind)} on ${fault.target}${attributes === '' ? '' : ` (${attributes})`}: ${id}`];
  if (fault.shape !== undefined) lines.push(...block(fault.shape, width, '            ', '  shape'));
  lines.push(...block(touched.length === 0 ? 'nothing' : listed(touched), width, '            ', '  touches'));
  const ends =
    fault.endsAt === null
      ? 'when it is cleared'
      : `by itself at ${clockTime(fault.endsAt)}, in ${seconds(Math.max(0, fault.endsAt - now))}`;
  if (fault.state === 'active') lines.push(`  ends      ${ends}`);
  lines.push(...block(effectText(fault, paint), width, '            ', '  effect'));
  if (fault.state === 'active') lines.push(`  heal it   teralab chaos clear ${fault.id}`);
  return lines;
}

/** What a dry run found: exactly the nodes and links that the fault would touch. */
export function renderDryRun(fault: FaultRecord, forMs: number | undefined, {width}: FaultRenderOptions): string[] {
  const attributes = attributesText(fault);
  return [
    `Dry run: ${fault.kind} on ${fault.target}${attributes === '' ? '' : ` (${attributes})`}, seed ${fault.seed}; nothing was changed.`,
    ...(fault.shape === undefined ? [] : block(fault.shape, width, '            ', '  shape')),
    ...block(fault.proxies.length === 0 ? 'none' : fault.proxies.join(', '), width, '            ', '  links'),
    ...block(fault.nodes.length === 0 ? 'none' : fault.nodes.join(', '), width, '            ', '  nodes'),
    `  lasts     ${forMs === undefined ? 'until it is cleared' : formatDuration(forMs)}`,
    `  undo      ${fault.undo}`,
  ];
}

/** Attributes that are not what they would be anyway: `latency 200 ms, jitter 50 ms`. */
export function attributesText({kind, attributes}: Pick<FaultRecord, 'kind' | 'attributes'>): string {
  const known = FAULT_CATALOGUE.find(info => info.kind === kind)?.attributes ?? [];
  const told = known.flatMap(({name, default: byDefault, unit}) => {
    const value = attributes[name];
    if (value === undefined || value === byDefault) return [];
    const text = typeof value === 'object' ? Object.values(value).join(' ') : String(value);
    if (unit === 'bytes') return [`${name} ${formatSize(Number(value))}`];
    return [`${name} ${text}${unit === undefined ? '' : ` ${unit}`}`];
  });
  return told.join(', ');
}

/** A fault without effect is reported as one, never assumed to work. */
function effectText(fault: FaultRecord, paint: Paint): string {
  const healed = fault.healed === undefined ? '' : `; after healing ${fault.healed.observed}`;
  if (fault.effect === undefined) return `not measured${healed}`;
  const {verdict, observed} = fault.effect;
  if (verdict === 'bites') return `${paint.good('bites')}: ${observed}${healed}`;
  if (verdict === 'none') return `${paint.bad('no effect')}: ${observed}${healed}`;
  return `${paint.warn('not seen yet')}: ${observed}${healed}`;
}
