import {BLOCKS, type PathEntry, wholePath} from '../../labs/curriculum.ts';
import type {AnyLab} from '../../labs/lab.ts';
import type {ProgressData} from '../../labs/progress.ts';
import {type LabStanding, type LabStatus, nextLab, standingOf} from '../../labs/status.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';

/** `planned`: on the path, and not part of this version yet. */
export type PathStatus = LabStatus | 'planned';

export interface PathLab {
  readonly id: string;
  readonly title: string;
  readonly phase: number;
  readonly objective: string;
  readonly minutes: number;
  readonly status: PathStatus;
  /** Labs that should come first. */
  readonly needs: readonly string[];
  /** Those of them that are neither passed nor skipped. */
  readonly blockedBy: readonly string[];
}

/** The twelve weeks with the learner's place in them: what `teralab path --json` prints. */
export interface PathReport {
  readonly next: string | null;
  readonly passed: number;
  readonly total: number;
  readonly blocks: readonly {
    readonly weeks: readonly [number, number];
    readonly title: string;
    readonly labs: readonly PathLab[];
  }[];
}

export function pathReport(labs: readonly AnyLab[], progress: ProgressData): PathReport {
  const ids = labs.map(({id}) => id);
  const entries = wholePath(
    labs.map(lab => ({...lab, weeks: [Math.min(...lab.weeks), Math.max(...lab.weeks)] as const})),
  );
  const all = entries.map(entry => ({entry, lab: pathLab(entry, standingOf(entry, progress, ids))}));
  return {
    next: nextLab(labs, progress)?.id ?? null,
    passed: all.filter(({lab}) => lab.status === 'passed').length,
    total: all.length,
    blocks: BLOCKS.map(({weeks, title}) => ({
      weeks,
      title,
      labs: all.filter(({entry}) => entry.weeks[0] >= weeks[0] && entry.weeks[0] <= weeks[1]).map(({lab}) => lab),
    })),
  };
}

function pathLab(
  {id, title, phase, objective, minutes, needs, built}: PathEntry,
  {status, blockedBy}: LabStanding,
): PathLab {
  return {id, title, phase, objective, minutes, status: built ? status : 'planned', needs, blockedBy};
}

const LOOK: Readonly<
  Record<PathStatus, {readonly mark: string; readonly colour: 'good' | 'bad' | 'warn' | 'faint' | 'accent'}>
> = {
  passed: {mark: '✔', colour: 'good'},
  failed: {mark: '✖', colour: 'bad'},
  open: {mark: '○', colour: 'accent'},
  blocked: {mark: '◌', colour: 'warn'},
  skipped: {mark: '↷', colour: 'warn'},
  planned: {mark: '·', colour: 'faint'},
};

export function statusText(status: PathStatus, paint: Paint): string {
  return paint[LOOK[status].colour](`${LOOK[status].mark} ${status === 'planned' ? 'not in this version' : status}`);
}

export function standingText({status, blockedBy}: LabStanding, paint: Paint): string {
  return status === 'blocked' ? `${statusText(status, paint)} by ${blockedBy.join(', ')}` : statusText(status, paint);
}

export function weeksText(weeks: readonly number[]): string {
  const first = Math.min(...weeks);
  const last = Math.max(...weeks);
  return first === last ? String(first) : `${first}-${last}`;
}

/** `p2-04` of `p2-04-no-lost-events`: every command takes it. */
function shortId(id: string): string {
  return /^p\d-\d\d/.exec(id)?.[0] ?? id;
}

export function renderPath(
  report: PathReport,
  {width, paint}: {readonly width: number; readonly paint: Paint},
): string[] {
  const lines = report.blocks.flatMap(({weeks, title, labs}) => {
    const cells = labs.map(lab => [
      lab.id === report.next ? paint.accent('▶') : ' ',
      lab.status === 'planned' ? paint.faint(lab.id) : lab.id,
      lab.status === 'blocked'
        ? `${statusText(lab.status, paint)} by ${lab.blockedBy.map(shortId).join(', ')}`
        : statusText(lab.status, paint),
      lab.needs.length === 0 || lab.status === 'blocked'
        ? ''
        : paint.faint(`after ${lab.needs.map(shortId).join(', ')}`),
    ]);
    return [paint.strong(`Weeks ${weeksText(weeks)}: ${title}`), ...table(cells, {width}), ''];
  });
  const next =
    report.next === null ? 'Nothing is left open.' : `Next: ${report.next} (\`teralab lab ${report.next}\`).`;
  return [...lines, `${report.passed} of ${report.total} passed. ${next}`];
}
