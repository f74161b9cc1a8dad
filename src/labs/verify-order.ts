import type {ProofJob} from './verify.ts';

/**
 * An order for a proof that may end before it is through: first every reference, then every start, then the wrong fixes, a first one of each lab
 * before a second one of any. Each day it begins with another lab, so that in time all of it is proved. `day` counts days.
 */
export function byImportance(jobs: readonly ProofJob[], day: number): readonly ProofJob[] {
  const labs = [...new Set(jobs.map(({lab}) => lab.id))];
  const seen = new Map<string, number>();
  const ranked = jobs.map(job => {
    const {lab, expectation, seed} = job;
    const place = (labs.indexOf(lab.id) + day * STEP) % labs.length;
    if (expectation.variant === 'solution') return {job, rank: 0, place};
    if (expectation.variant === 'start') return {job, rank: 1, place};
    const group = `${lab.id} ${seed}`;
    const before = seen.get(group) ?? 0;
    seen.set(group, before + 1);
    // Not always the same one first, either.
    const count = lab.wrong.length;
    return {job, rank: 2 + ((before + day) % Math.max(1, count)), place};
  });
  return ranked.sort((one, other) => one.rank - other.rank || one.place - other.place).map(({job}) => job);
}

/** Labs by which it moves on from day to day. */
const STEP = 5;
