import {FAULT_CATALOGUE} from '../../faults/catalogue.ts';
import type {FaultRecord} from '../../faults/fault.ts';

/** When a fault was in force, unix ms; `to` is the end of the journal where it had not ended. Undefined: it never was. */
export function windowOf(fault: FaultRecord, to: number): {readonly from: number; readonly to: number} | undefined {
  const from = fault.appliedAt;
  if (from === undefined || !Number.isFinite(from)) return undefined;
  return {from, to: Math.max(from, fault.endedAt ?? to)};
}

/** How a fault stands, in a word or two, and whether a reader has to look at it. */
export interface Bite {
  readonly word: 'bites' | 'no effect' | 'not seen yet' | 'not measured' | 'not applied';
  readonly look: 'good' | 'bad' | 'warn';
}

/** What has no effect is never shown as if it had one. */
export function biteOf(fault: FaultRecord): Bite {
  if (fault.appliedAt === undefined) return {word: 'not applied', look: 'bad'};
  switch (fault.effect?.verdict) {
    case 'bites':
      return {word: 'bites', look: 'good'};
    case 'none':
      return {word: 'no effect', look: 'bad'};
    case 'pending':
      return {word: 'not seen yet', look: 'warn'};
    default:
      return {word: 'not measured', look: 'warn'};
  }
}

/** Faults whose effect nobody has seen. */
export function withoutBite(faults: readonly FaultRecord[]): readonly FaultRecord[] {
  return faults.filter(fault => biteOf(fault).word !== 'bites');
}

/** Attributes with their units: `latency 300 ms`. */
export function attributesText({kind, attributes}: Pick<FaultRecord, 'kind' | 'attributes'>): string {
  const known = FAULT_CATALOGUE.find(info => info.kind === kind)?.attributes ?? [];
  return Object.entries(attributes)
    .map(([name, value]) => {
      const unit = known.find(attribute => attribute.name === name)?.unit;
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      return `${name} ${text}${unit === undefined || typeof value !== 'number' ? '' : ` ${unit}`}`;
    })
    .join(', ');
}
