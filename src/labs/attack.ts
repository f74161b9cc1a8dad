import type {CheckResult} from './verdict.ts';

export interface AttackVerdict {
  /** `won`: the wrong fix broke and the reference held. `held`: it did not, or the reference broke as well. `open`: nobody can tell. */
  readonly outcome: 'won' | 'held' | 'open';
  /** In a sentence. */
  readonly because: string;
}

/**
 * Whether faults tell a wrong fix from the reference: it fails a task that the reference passes, which fails none. What breaks both breaks
 * anything. A task that finds nothing to judge under faults that are not the lab's own is no failure of the reference.
 */
export function judgeAttack(wrong: CheckResult, solution: CheckResult | null): AttackVerdict {
  const broken = wrong.tasks.filter(({verdict}) => verdict === 'fail');
  const [first] = broken;
  if (wrong.verdict === 'pass') return {outcome: 'held', because: 'the wrong fix passed every task under these faults'};
  if (first === undefined || solution === null)
    return {outcome: 'open', because: `nothing failed, and not everything could be judged (${codesOf(wrong)})`};
  const failed = solution.tasks.filter(({verdict}) => verdict === 'fail');
  if (failed.length > 0)
    return {
      outcome: 'held',
      because: `these faults break the reference too (${codesOf(solution)}): what breaks everything says nothing about a fix`,
    };
  const told = broken.find(({id}) => solution.tasks.some(task => task.id === id && task.verdict === 'pass'));
  if (told === undefined)
    return {
      outcome: 'open',
      because: `the reference could not be judged where the wrong fix broke (${codesOf(solution)})`,
    };
  return {outcome: 'won', because: `${told.id} failed with ${told.code}, and the reference holds: ${told.observed}`};
}

function codesOf({tasks}: CheckResult): string {
  return tasks
    .filter(({verdict}) => verdict !== 'pass')
    .map(({id, code}) => `${id} ${code ?? ''}`.trim())
    .join(', ');
}
