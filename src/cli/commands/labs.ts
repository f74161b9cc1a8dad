import type {AnyLab} from '../../labs/lab.ts';
import {type LabStanding, standingOf} from '../../labs/status.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {listed} from '../output/text.ts';
import {standingText, weeksText} from '../render/path.ts';

export interface LabsFlags {
  readonly phase?: number;
  readonly week?: number;
  readonly concept?: string;
}

interface Row {
  readonly lab: AnyLab;
  readonly standing: LabStanding;
}

export async function run(context: Context, flags: LabsFlags): Promise<Outcome> {
  const {catalogue, progress} = openLearner(context);
  const [labs, data] = await Promise.all([catalogue.list(), progress.read()]);
  const ids = labs.map(({id}) => id);
  const rows = labs.filter(lab => matches(lab, flags)).map(lab => ({lab, standing: standingOf(lab, data, ids)}));
  if (context.json) {
    context.document(rows.map(({lab, standing}) => ({...labFacts(lab), status: standing.status})));
    return 'ok';
  }
  if (rows.length === 0) {
    context.line('No lab of this version matches.');
    if (flags.concept !== undefined)
      context.say(`Concepts: ${listed([...new Set(labs.flatMap(({concepts}) => concepts))].sort())}.`);
    return 'ok';
  }
  context.lines(render(rows, context.width));
  return 'ok';
}

/** Of a lab what `--json` prints, in the order of the contract. */
export function labFacts(lab: AnyLab): object {
  const {id, title, phase, weeks, objective, concepts, minutes} = lab;
  return {id, title, phase, weeks, objective, concepts, minutes};
}

function matches(lab: AnyLab, {phase, week, concept}: LabsFlags): boolean {
  // The first lab belongs to all phases.
  if (phase !== undefined && lab.phase !== phase && lab.phase !== 0) return false;
  if (week !== undefined && !lab.weeks.includes(week)) return false;
  const wanted = concept?.trim().toLowerCase();
  return wanted === undefined || [lab.objective, ...lab.concepts].some(words => words.toLowerCase().includes(wanted));
}

function render(rows: readonly Row[], width: number): string[] {
  const cells = rows.map(({lab, standing}) => [
    lab.id,
    weeksText(lab.weeks),
    `${lab.minutes} min`,
    standingText(standing, paint),
  ]);
  return [
    ...table([['LAB', 'WEEKS', 'TIME', 'STATUS'], ...cells], {width, heading: paint.faint, right: [2]}),
    '',
    'Read one with `teralab lab <id>`; `teralab path` shows the twelve weeks.',
  ];
}
