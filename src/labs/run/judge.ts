import {LabError} from '../../errors.ts';
import type {AnyLab, Evidence, LabTask} from '../lab.ts';
import {fail, inconclusive, type Judgement, type TaskVerdict} from '../verdict.ts';
import {labsFault} from './prepare.ts';

/** What a run was like, for the rules that hold for every lab. */
export interface Circumstances {
  /** Why there was too little work. */
  readonly tooLittle: string | undefined;
  readonly faultProblems: readonly string[];
  /** Connections of nodes past their links. */
  readonly bypasses: readonly string[];
  readonly busy: boolean;
  /** What made the machine count as busy, with figures. */
  readonly busyBecause: string;
  readonly recovered: boolean;
  /** It was only a look. */
  readonly quick: boolean;
}

/**
 * Judges the tasks. What the judges saw comes first: a fail stays a fail, but for a timing task on a busy machine; a pass holds only when
 * every service kept to its links, enough was done, every fault was in force, and the system recovered.
 */
export function judgeTasks(
  lab: AnyLab,
  tasks: readonly LabTask<unknown, unknown>[],
  evidence: Evidence<unknown, unknown>,
  circumstances: Circumstances,
): readonly TaskVerdict[] {
  const seen = tasks.map(task => ({task, judgement: judgeOne(lab, task, evidence)}));
  const anyFailed = seen.some(({judgement}) => judgement.verdict === 'fail');
  return seen.map(({task, judgement}) => ({
    id: task.id,
    title: task.title,
    ...considering(judgement, task, {...circumstances, recovered: circumstances.recovered || anyFailed}),
  }));
}

function judgeOne(lab: AnyLab, task: LabTask<unknown, unknown>, evidence: Evidence<unknown, unknown>): Judgement {
  let judgement: Judgement;
  try {
    judgement = task.judge(evidence);
  } catch (error) {
    throw labsFault(lab, `the judge of "${task.id}"`, error);
  }
  if (judgement.verdict === 'fail' && (judgement.code === null || !task.codes.includes(judgement.code)))
    throw new LabError(
      'BROKEN_LAB',
      `Lab ${lab.id}: the judge of "${task.id}" failed it with ${judgement.code}, which is none of its codes (${task.codes.join(', ')}).`,
    );
  return judgement;
}

function considering(judgement: Judgement, task: LabTask<unknown, unknown>, run: Circumstances): Judgement {
  const {verdict, observed, expected, evidence} = judgement;
  if (verdict === 'inconclusive') return judgement;
  const doubt = (code: string, why: string, more: readonly string[] = []): Judgement =>
    inconclusive(code, `${why}; otherwise: ${observed}`, expected, [...more, ...evidence]);
  if (verdict === 'fail') {
    if (task.judges === 'timing' && run.busy) return doubt('BUSY_MACHINE', `the machine was busy (${run.busyBecause})`);
    return judgement;
  }
  if (run.bypasses.length > 0) {
    const past = 'every service reaches the others over its links alone, which is where faults happen';
    return fail('BYPASSED_LINK', `${run.bypasses[0]}; otherwise: ${observed}`, past, run.bypasses);
  }
  const [faultProblem, ...others] = run.faultProblems;
  if (faultProblem !== undefined) return doubt('FAULT_TAMPERED', faultProblem, others);
  if (run.tooLittle !== undefined) return doubt('TOO_LITTLE_WORK', run.tooLittle);
  if (!run.recovered) return doubt('DID_NOT_RECOVER', 'the system had not recovered when its time was up');
  if (run.quick) return doubt('QUICK_LOOK', 'a quick look cannot pass');
  return judgement;
}
