import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {runtimesText} from '../../src/cli/chaos/kinds.ts';
import {renderErrorCode} from '../../src/cli/help/errors.ts';
import {EXIT_MEANINGS} from '../../src/cli/help/topics.ts';
import {ERRORS, type ErrorCode} from '../../src/errors.ts';
import {FAULT_CATALOGUE, type FaultAttribute, type FaultInfo} from '../../src/faults/catalogue.ts';
import {root} from './learner.ts';

/** The rows that docs/errors.md has to have. */
export function errorRows(): readonly string[] {
  return (Object.keys(ERRORS) as ErrorCode[]).map(code => {
    const {exit, fix} = ERRORS[code];
    return row([`\`${code}\``, String(exit), renderErrorCode(code, 10_000)[1]?.trim() ?? '', fix]);
  });
}

/** The rows that docs/exit-codes.md has to have. */
export function exitCodeRows(): readonly string[] {
  return Object.entries(EXIT_MEANINGS).map(([code, meaning]) => row([code, meaning]));
}

/** The lines that docs/faults.md has to have, one list per kind. */
export function faultSections(): readonly (readonly string[])[] {
  return FAULT_CATALOGUE.map(faultSection);
}

function faultSection(info: FaultInfo): readonly string[] {
  const {kind, does, targets, attributes, example} = info;
  return [
    `### ${kind}`,
    '',
    [`It ${does}. Target: ${targets}.`, ...runtimesText(info).map(text => `It works ${text}.`)].join(' '),
    '',
    ...(attributes.length === 0
      ? []
      : [
          '| attribute | takes | default | meaning |',
          '| --- | --- | --- | --- |',
          ...attributes.map(attributeRow),
          '',
        ]),
    '```',
    example,
    '```',
  ];
}

function attributeRow(attribute: FaultAttribute): string {
  const {name, required, meaning} = attribute;
  const otherwise = attribute.default === undefined ? '' : `${attribute.default}${unitText(attribute)}`;
  return row([`\`--${name}\``, takes(attribute), required === true ? 'required' : otherwise, meaning]);
}

function unitText({unit}: {readonly unit?: FaultAttribute['unit'] | undefined}): string {
  return unit === undefined ? '' : ` ${unit}`;
}

function takes({type, unit, range, choices}: FaultAttribute): string {
  if (choices !== undefined) return choices.map(choice => `\`${choice}\``).join(', ');
  const [from, to] = range ?? [];
  const bounds = from === undefined || to === undefined ? '' : ` (${from} to ${to}${unitText({unit})})`;
  if (unit !== undefined) return `${{ms: 'duration', us: 'duration', bytes: 'size', 'KB/s': 'rate'}[unit]}${bounds}`;
  return `${{number: 'number', whole: 'whole number', choice: 'word', points: 'words', text: 'text', match: 'object'}[type]}${bounds}`;
}

/** The rows of the tables of a file in docs/, without their heads. */
export function tableRows(file: string): readonly string[] {
  return docsLines(file).filter((line, index, lines) => line.startsWith('|') && !isHead(lines, index));
}

export function docsLines(file: string): readonly string[] {
  return readFileSync(join(root, 'docs', file), 'utf8').split('\n');
}

function isHead(lines: readonly string[], index: number): boolean {
  return /^\| -/.test(lines[index] ?? '') || /^\| -/.test(lines[index + 1] ?? '');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
