import {type CheckResult, passCount, type TaskVerdict, type Verdict} from '../../labs/verdict.ts';
import {seconds} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {block} from '../output/text.ts';

export const VERDICT_LOOK: Readonly<
  Record<Verdict, {readonly mark: string; readonly word: string; readonly colour: 'good' | 'bad' | 'warn'}>
> = {
  pass: {mark: '✔', word: 'pass', colour: 'good'},
  fail: {mark: '✖', word: 'fail', colour: 'bad'},
  inconclusive: {mark: '?', word: 'inconclusive', colour: 'warn'},
};

export interface VerdictRenderOptions {
  readonly width: number;
  readonly paint: Paint;
}

const INDENT = '  ';
const LABEL = '             ';

/** The checklist with what was observed and expected, and the verdict as the last line. */
export function renderCheck(result: CheckResult, options: VerdictRenderOptions): string[] {
  const shown = [...sameForAll(requiredOf(result)), ...result.tasks.filter(isExtra)];
  return [...shown.flatMap(task => renderTask(task, options)), '', verdictLine(result, options)];
}

function requiredOf({tasks}: CheckResult): readonly TaskVerdict[] {
  return tasks.filter(task => !isExtra(task));
}

function isExtra({extra}: TaskVerdict): boolean {
  return extra === true;
}

/** What stopped the whole run says the same of every task: it is told once. */
function sameForAll(tasks: readonly TaskVerdict[]): readonly TaskVerdict[] {
  const [first, ...others] = tasks;
  if (first === undefined || first.verdict === 'pass' || others.length === 0) return tasks;
  const same = others.every(
    ({verdict, code, observed}) => verdict === first.verdict && code === first.code && observed === first.observed,
  );
  return same
    ? [
        {
          ...first,
          id: tasks.map(({id}) => id).join(', '),
          title: `None of the ${tasks.length} tasks could be judged by itself.`,
        },
      ]
    : tasks;
}

export function renderTask(task: TaskVerdict, {width, paint}: VerdictRenderOptions): string[] {
  const {mark, word, colour} = VERDICT_LOOK[task.verdict];
  const code = task.code === null ? '' : ` ${task.code}`;
  const extra = isExtra(task) ? ' (extra: the verdict does not depend on it)' : '';
  const lines = [paint[colour](`${mark} ${task.id}: ${word}${code}`) + extra, ...block(task.title, width, INDENT)];
  lines.push(
    ...block(task.observed, width, LABEL, '  observed   '),
    ...block(task.expected, width, LABEL, '  expected   '),
  );
  // A pass needs no story.
  if (task.verdict !== 'pass' && task.evidence.length > 0) {
    lines.push(
      ...task.evidence.flatMap((line, index) => block(line, width, LABEL, index === 0 ? '  evidence   ' : LABEL)),
    );
  }
  return lines;
}

/** `✖ p0-00-first-break: fail (1 of 2 tasks passed, seed 7, 12 s)`. */
export function verdictLine(result: CheckResult, {paint}: VerdictRenderOptions): string {
  const {mark, word, colour} = VERDICT_LOOK[result.verdict];
  const figures = `${passCount(result)} ${result.tasks.length === 1 ? 'task' : 'tasks'} passed, seed ${result.seed}, ${seconds(result.durationMs)}`;
  return `${paint[colour](paint.strong(`${mark} ${result.lab}: ${word}`))} (${figures})`;
}

/** Ids and codes of what did not pass: `two-views FROZEN, names-the-gap GAP_NOT_NAMED`. */
export function codesText(result: CheckResult): string {
  return result.tasks
    .filter(({verdict}) => verdict !== 'pass')
    .map(({id, code}) => `${id} ${code ?? ''}`.trim())
    .join(', ');
}
