import type {Journal, LoadPoint, SteadyState} from '../../faults/experiments/journal.ts';
import type {KnownRun} from '../../faults/experiments/journal-files.ts';
import {JOURNAL_FILE} from '../../faults/experiments/journal-files.ts';
import type {RunResult} from '../../faults/experiments/run-experiment.ts';
import type {PlannedStep} from '../experiments/dry-run.ts';
import {clockTime, ms, percent, seconds} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {block, counted, listed} from '../output/text.ts';
import {formatDuration} from '../parse/duration.ts';

export interface ExperimentLook {
  readonly width: number;
  readonly paint: Paint;
}

type RunOutcome = 'ok' | 'fail' | 'inconclusive' | 'interrupted';
const LABEL = '             ';

/** What a run did and what it came to; the verdict is the last line. */
export function renderRun(
  {journal, doubts}: RunResult,
  {folder, outcome, width, paint}: ExperimentLook & {readonly folder: string; readonly outcome: RunOutcome},
): string[] {
  const row = (label: string, text: string): string[] => block(text, width, LABEL, `  ${label}`);
  const {before, during, after} = journal.steady_states;
  return [
    `${paint.strong(journal.experiment.title)} (seed ${journal.seed}, ${seconds(journal.duration ?? 0)})`,
    ...(before === null ? [] : row('before', stateText(before))),
    ...journal.faults.flatMap(({kind, target, effect}, index) =>
      row(
        index === 0 ? 'faults' : '',
        `${kind} on ${target}: ${effect === undefined ? 'not measured' : `${effect.verdict === 'bites' ? 'bites' : 'no effect'}: ${effect.observed}`}`,
      ),
    ),
    ...journal.run
      .filter(({tolerance_met: met, status}) => met !== undefined || status === 'failed')
      .flatMap(({activity, tolerance_met: met, status}, index) =>
        row(
          index === 0 ? 'probes' : '',
          `${activity.name}: ${status === 'failed' ? 'failed' : met === true ? 'as wanted' : 'not as wanted'}`,
        ),
      ),
    ...loadText(journal.load).flatMap(text => row('load', text)),
    ...(during.length === 0
      ? []
      : row(
          'during',
          `held ${during.filter(({steady_state_met: met}) => met).length} of ${counted(during.length, 'time')}`,
        )),
    ...(journal.rollbacks.length === 0 ? [] : row('rollbacks', rollbackText(journal))),
    ...(after === null ? [] : row('after', stateText(after))),
    ...doubts.flatMap(doubt => row('doubt', doubt)),
    ...row('journal', `${folder}/${JOURNAL_FILE}`),
    '',
    ...block(`${verdictWord(journal, outcome, paint)}: ${journal.because ?? ''}`, width, ''),
  ];
}

function verdictWord({status, deviated}: Journal, outcome: RunOutcome, paint: Paint): string {
  if (outcome === 'ok') return paint.good('✔ completed');
  if (outcome === 'inconclusive') return paint.warn('? inconclusive');
  return paint.bad(`✖ ${deviated ? 'deviated' : status}`);
}

function stateText({steady_state_met: met, probes}: SteadyState): string {
  const bad = probes.filter(({status, tolerance_met}) => status !== 'succeeded' || tolerance_met === false);
  return met
    ? `the hypothesis held (${counted(probes.length, 'probe')})`
    : `the hypothesis did not hold: ${listed(bad.map(({activity}) => activity.name))}`;
}

function rollbackText({rollbacks}: Journal): string {
  const failed = rollbacks.filter(({status}) => status !== 'succeeded');
  return `${rollbacks.length} played${failed.length === 0 ? '' : `; failed: ${listed(failed.map(({activity}) => activity.name))}`}`;
}

function loadText(points: readonly LoadPoint[]): readonly string[] {
  const all = points.filter(({route}) => route === '*');
  const sent = all.reduce((sum, point) => sum + point.sent, 0);
  if (sent === 0) return [];
  const ok = all.reduce((sum, point) => sum + point.ok, 0);
  const worst = Math.max(0, ...all.flatMap(({latencyMs}) => latencyMs?.p99 ?? []));
  return [`${sent} operations, ${percent(ok / sent)} ok; the slowest second had a p99 of ${ms(worst)}`];
}

/** The timeline of a dry run. */
export function renderPlan(
  plan: {
    readonly title: string;
    readonly seed: number;
    readonly hypothesis: readonly string[];
    readonly method: readonly PlannedStep[];
    readonly methodMs: number;
    readonly rollbacks: readonly string[];
  },
  {width, paint}: ExperimentLook,
): string[] {
  const names = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.join(', '));
  const at = (value: number): string => (value === 0 ? '0s' : formatDuration(value));
  return [
    `Dry run: ${plan.title}, seed ${plan.seed}; nothing was changed.`,
    ...block(names(plan.hypothesis), width, LABEL, '  hypothesis'),
    ...table(
      [
        ['FROM', 'UNTIL', 'ACTIVITY', 'WHAT'],
        ...plan.method.map(({name, what, fromMs, untilMs, touches}) => [
          at(fromMs),
          untilMs > fromMs ? at(untilMs) : '',
          name,
          touches === null ? what : `${what}: ${touches.observed}`,
        ]),
      ],
      {width, heading: paint.faint, indent: '  ', right: [0, 1]},
    ),
    ...block(names(plan.rollbacks), width, LABEL, '  rollbacks'),
    `  The method takes ${at(plan.methodMs)} at least.`,
  ];
}

/** Cells: when, id, status, title, journal. */
export function experimentRows(runs: readonly KnownRun[]): string[][] {
  return runs.map(({record, state: {journal}, how}) => [
    clockTime(journal.start),
    how === 'left' ? 'interrupted' : journal.deviated ? 'deviated' : journal.status,
    `${journal.experiment.title}; ${record.folder}`,
  ]);
}
