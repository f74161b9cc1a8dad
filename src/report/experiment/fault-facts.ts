import type {FaultRecord} from '../../faults/fault.ts';
import {dateAndTime, offset, seconds} from '../figures.ts';
import {oneLine} from '../untrusted.ts';
import {attributesText, windowOf} from './fault-windows.ts';

const LIST_MAX = 12;
const TEXT_MAX = 400;
/** Timers and the undoing itself take a moment: an end this close to the planned one is on time. */
const ON_TIME_MS = 250;

/** What a report tells of a fault, as names and texts, in the order in which they are read. */
export function faultFacts(
  fault: FaultRecord,
  start: number,
  end: number,
): readonly (readonly [name: string, text: string])[] {
  const attributes = attributesText(fault);
  return [
    ['attributes', attributes === '' ? 'none' : oneLine(attributes, TEXT_MAX)],
    ['touched', touched(fault)],
    ['in force', windowText(fault, start, end)],
    ['planned end', plannedText(fault, start)],
    ['ended', endedText(fault, start)],
    ['measured effect', fault.effect === undefined ? 'not measured' : oneLine(fault.effect.observed, TEXT_MAX)],
    ['after healing', healedText(fault)],
    ['seed, reason', `${fault.seed}, ${oneLine(fault.reason, 120)}`],
  ];
}

function touched({proxies, nodes}: FaultRecord): string {
  const all = [...proxies, ...nodes];
  if (all.length === 0) return 'nothing';
  const more = all.length > LIST_MAX ? ` and ${all.length - LIST_MAX} more` : '';
  return oneLine(`${all.slice(0, LIST_MAX).join(', ')}${more}`, TEXT_MAX);
}

function windowText(fault: FaultRecord, start: number, end: number): string {
  const window = windowOf(fault, end);
  if (window === undefined) return `never (it was asked for at ${offset(fault.plannedAt, start)})`;
  const to = fault.endedAt === undefined ? 'the end of the journal' : offset(window.to, start);
  return `${offset(window.from, start)} to ${to}, ${seconds(window.to - window.from)}`;
}

function plannedText({endsAt}: FaultRecord, start: number): string {
  return endsAt === null ? 'when it is cleared' : `${offset(endsAt, start)} (${dateAndTime(endsAt)})`;
}

function endedText({endedAt, endsAt, endedBy, state}: FaultRecord, start: number): string {
  if (endedAt === undefined) return state === 'failed' ? 'it failed' : 'not before the journal did';
  const late = endsAt === null ? undefined : endedAt - endsAt;
  const difference =
    late === undefined
      ? ''
      : Math.abs(late) <= ON_TIME_MS
        ? ', on time'
        : `, ${seconds(Math.abs(late))} ${late < 0 ? 'early' : 'late'}`;
  return `${offset(endedAt, start)}${difference}${endedBy === undefined ? '' : `, by ${HOW[endedBy] ?? oneLine(endedBy, 40)}`}`;
}

const HOW: Readonly<Record<string, string>> = {
  time: 'itself',
  clear: 'being cleared',
  heal: 'being healed at the next start',
  check: 'the end of its run',
  down: 'the end of the system',
};

function healedText({healed}: FaultRecord): string {
  if (healed === undefined) return 'not measured';
  const verdict = {none: 'back as before', bites: 'still disturbed', pending: 'not seen yet'}[healed.verdict];
  return oneLine(`${verdict}: ${healed.observed}`, TEXT_MAX);
}
