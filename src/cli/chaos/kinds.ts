import {FAULT_CATALOGUE, type FaultAttribute, type FaultInfo} from '../../faults/catalogue.ts';
import {block} from '../output/text.ts';
import {formatDuration} from '../parse/duration.ts';

/** `teralab chaos kinds` and `teralab help faults`: every fault with what it takes. */
export function faultsHelp(width: number): string[] {
  return [
    ...block(
      'Every fault has an end: `--for 30s` unless you say otherwise, or `--until-cleared`. `--dry-run` shows what it would touch. `random` draws a target from the seed.',
      width,
      '',
    ),
    ...FAULT_CATALOGUE.flatMap(info => ['', ...describe(info, width)]),
  ];
}

function describe(info: FaultInfo, width: number): string[] {
  const indent = '    ';
  return [
    ...block(info.does, width, '              ', info.kind),
    ...block(`on ${info.targets}`, width, indent),
    ...runtimesText(info).flatMap(text => block(text, width, indent)),
    ...attributesOf(info).flatMap(attribute =>
      block(`--${attribute.name} ${valueWord(attribute)}  ${attributeText(attribute)}`, width, '      ', indent),
    ),
    `${indent}$ ${info.example}`,
  ];
}

/** Those that can be written as a flag: `match` is for files, and `method` and `path` say the same. */
export function attributesOf(info: FaultInfo): readonly FaultAttribute[] {
  return info.attributes.filter(({type}) => type !== 'match');
}

export function valueWord({type, unit, range, name}: FaultAttribute): string {
  if (unit !== undefined) return {ms: '<time>', us: '<time>', bytes: '<size>', 'KB/s': '<rate>'}[unit];
  if (type === 'number') return isShare(range) ? '<share>' : '<x>';
  if (type === 'whole') return '<n>';
  return name === 'path' ? '<path>' : '<name>';
}

/** Where it works, for those that do not work everywhere. */
export function runtimesText({runtimes, runtimesWhy}: FaultInfo): readonly string[] {
  if (runtimes === undefined) return [];
  const where = runtimes.length === 0 ? 'on no runtime yet' : `only with --runtime ${runtimes.join(' or ')}`;
  return [`${where}: ${runtimesWhy ?? 'others cannot do it'}`];
}

/** A part of a whole, which may be written as a percentage too. */
export function isShare(range: FaultAttribute['range']): boolean {
  return range === undefined || (range[0] >= 0 && range[1] <= 1);
}

export function attributeText({meaning, choices, required, default: byDefault, unit}: FaultAttribute): string {
  const value =
    typeof byDefault === 'number' && unit === 'ms' ? (byDefault === 0 ? '0' : formatDuration(byDefault)) : byDefault;
  const notes = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(required === true ? ['required'] : []),
    ...(value === undefined ? [] : [`default ${value}`]),
  ];
  return notes.length === 0 ? meaning : `${meaning} (${notes.join('; ')})`;
}
