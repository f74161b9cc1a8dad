import type {LabProgress, ProgressData} from './progress.ts';

export type LabStatus = 'passed' | 'failed' | 'open' | 'blocked' | 'skipped';

export interface LabStanding {
  readonly status: LabStatus;
  /** Labs that should come first and have been neither passed nor skipped. */
  readonly blockedBy: readonly string[];
  /** Labs that it names as needed and that this installation does not have; they block nothing. */
  readonly notBuilt: readonly string[];
}

/** Where a lab stands. Skipped is never done, but it blocks nothing; nothing is locked for good. */
export function standingOf(
  lab: {readonly id: string; readonly needs: readonly string[]},
  progress: ProgressData,
  builtIds: readonly string[],
): LabStanding {
  const notBuilt = lab.needs.filter(id => !builtIds.includes(id));
  const blockedBy = lab.needs.filter(id => builtIds.includes(id) && !isBehind(progress.labs[id]));
  return {status: statusOf(progress.labs[lab.id], blockedBy), blockedBy, notBuilt};
}

/** The first lab in path order that is neither passed nor skipped, and not blocked; undefined when nothing is left. */
export function nextLab<L extends {readonly id: string; readonly needs: readonly string[]}>(
  inPathOrder: readonly L[],
  progress: ProgressData,
): L | undefined {
  const ids = inPathOrder.map(({id}) => id);
  const left = inPathOrder.filter(({id}) => !isBehind(progress.labs[id]));
  return left.find(lab => standingOf(lab, progress, ids).blockedBy.length === 0) ?? left[0];
}

function statusOf(lab: LabProgress | undefined, blockedBy: readonly string[]): LabStatus {
  if (lab && lab.passes.length > 0) return 'passed';
  if (lab?.skipped) return 'skipped';
  if (lab?.last?.verdict === 'fail') return 'failed';
  return blockedBy.length > 0 ? 'blocked' : 'open';
}

function isBehind(lab: LabProgress | undefined): boolean {
  return lab !== undefined && (lab.passes.length > 0 || lab.skipped);
}
