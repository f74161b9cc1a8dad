import {resolve} from 'node:path';
import {LabError} from '../../errors.ts';
import type {AnyLab} from '../../labs/lab.ts';
import {tally} from '../../labs/predict/records.ts';
import type {LabProgress, ProgressData} from '../../labs/progress.ts';
import {standingOf} from '../../labs/status.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {counted} from '../output/text.ts';
import {parseChoice} from '../parse/choice.ts';
import {standingText} from '../render/path.ts';

export async function run(context: Context, action: string | undefined, file: string | undefined): Promise<Outcome> {
  if (action === undefined) return show(context);
  const wanted = parseChoice(action, 'progress', ['export', 'import'] as const);
  if (file === undefined) throw new LabError('USAGE', `\`teralab progress ${wanted}\` needs a file.`);
  const move = await import('../progress-file.ts');
  const {labs} =
    wanted === 'export' ? await move.exportProgress(resolve(file)) : await move.importProgress(resolve(file));
  const count = Object.keys(labs).length;
  if (context.json) context.document({action: wanted, file: resolve(file), labs: count});
  else
    context.line(
      wanted === 'export'
        ? `Wrote the progress of ${counted(count, 'lab')} to ${resolve(file)}.`
        : `You now have progress of ${counted(count, 'lab')}; nothing that was there was lost.`,
    );
  return 'ok';
}

async function show(context: Context): Promise<Outcome> {
  const {catalogue, progress} = openLearner(context);
  const [labs, data] = await Promise.all([catalogue.list(), progress.read()]);
  if (context.json) context.document(labs.map(lab => facts(lab, labs, data)));
  else context.lines(render(labs, data, context.width));
  return 'ok';
}

/** Predictions and attacks, where there were any. */
function besides({labs}: ProgressData): readonly string[] {
  const all = Object.values(labs);
  const {scored, right} = tally(all.flatMap(({predictions = []}) => predictions));
  const broken = all.reduce((sum, {attacksWon = []}) => sum + attacksWon.length, 0);
  return [
    ...(scored === 0
      ? []
      : [`${right} of ${counted(scored, 'prediction')} right; of 80 % intervals, four in five should be.`]),
    ...(broken === 0 ? [] : [`${counted(broken, 'wrong fix', 'wrong fixes')} broken by your attacks.`]),
  ];
}

function facts(lab: AnyLab, labs: readonly AnyLab[], data: ProgressData): object {
  const found = data.labs[lab.id];
  const {status} = standingOf(
    lab,
    data,
    labs.map(({id}) => id),
  );
  return {
    id: lab.id,
    status,
    attempts: found?.attempts ?? 0,
    passes: (found?.passes ?? []).map(({at, seed, runtime}) => ({at: new Date(at).toISOString(), seed, runtime})),
    last: lastOf(found),
    hints: found?.hintsShown.length ?? 0,
    revealed: found?.revealed ?? false,
    predictions: tally(found?.predictions ?? []),
    attacks: found?.attacksWon?.length ?? 0,
  };
}

function lastOf(found: LabProgress | undefined): object | null {
  if (found?.last == null) return null;
  const {at, verdict, seed, codes} = found.last;
  return {at: new Date(at).toISOString(), verdict, seed, codes: codes.map(({code}) => code)};
}

function render(labs: readonly AnyLab[], data: ProgressData, width: number): string[] {
  const ids = labs.map(({id}) => id);
  const standings = labs.map(lab => ({lab, standing: standingOf(lab, data, ids), found: data.labs[lab.id]}));
  const rows = standings.map(({lab, standing, found}) => [
    lab.id,
    String(found?.attempts ?? 0),
    String(found?.hintsShown.length ?? 0),
    found?.last == null ? '-' : new Date(found.last.at).toISOString().slice(0, 10),
    `${standingText(standing, paint)}${found?.revealed === true ? ' (reference revealed)' : ''}`,
  ]);
  const passed = standings.filter(({standing}) => standing.status === 'passed').length;
  return [
    ...table([['LAB', 'CHECKS', 'HINTS', 'LAST', 'STATUS'], ...rows], {width, heading: paint.faint, right: [1, 2]}),
    '',
    `${passed} of ${counted(labs.length, 'lab')} of this version passed.`,
    ...besides(data),
  ];
}
