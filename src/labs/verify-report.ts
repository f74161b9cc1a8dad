import type {AnyLab} from './lab.ts';
import type {Proof} from './verify.ts';

/** One variant of a lab over all its seeds. */
export interface VariantReport {
  readonly lab: string;
  readonly variant: string;
  readonly runs: number;
  readonly asExpected: number;
  /** Inconclusive runs that were tried again. */
  readonly retries: number;
  readonly meanMs: number;
  readonly longestMs: number;
  /** Codes that some of its runs came to and others did not. */
  readonly wavering: readonly string[];
}

/** What the variants of a lab say of its codes, and so of its hints. */
export interface CodesReport {
  readonly lab: string;
  readonly codes: number;
  /** `task/CODE` that no start and no wrong fix came to: nobody has seen its hints work. */
  readonly unseen: readonly string[];
}

/** Times and steadiness of each variant, in the order of the proofs. */
export function reportVariants(proofs: readonly Proof[]): readonly VariantReport[] {
  const groups = new Map<string, Proof[]>();
  for (const proof of proofs) {
    const key = `${proof.row.lab} ${proof.row.variant}`;
    groups.set(key, [...(groups.get(key) ?? []), proof]);
  }
  return [...groups.values()].flatMap(group => {
    const [first] = group;
    if (first === undefined) return [];
    const times = group.map(({row}) => row.durationMs);
    const codes = new Set(group.flatMap(({row}) => row.codes));
    return {
      lab: first.row.lab,
      variant: first.row.variant,
      runs: group.length,
      asExpected: group.filter(({holds}) => holds).length,
      retries: group.reduce((sum, {retries}) => sum + retries, 0),
      meanMs: times.reduce((sum, ms) => sum + ms, 0) / times.length,
      longestMs: Math.max(...times),
      wavering: [...codes].filter(code => !group.every(({row}) => row.codes.includes(code))),
    };
  });
}

/**
 * Codes of a lab that its failing variants never came to. What a wrong fix is declared to be refused by counts as seen where that held, since
 * a run ends as soon as it is decided.
 */
export function reportCodes(lab: AnyLab, proofs: readonly Proof[]): CodesReport {
  const seen = new Set(
    proofs
      .filter(({row}) => row.lab === lab.id && row.variant !== 'solution')
      .flatMap(({result}) =>
        result.tasks.filter(({verdict}) => verdict === 'fail').map(({id, code}) => `${id}/${code}`),
      ),
  );
  const codes = lab.tasks.flatMap(task => task.codes.map(code => `${task.id}/${code}`));
  return {lab: lab.id, codes: codes.length, unseen: codes.filter(code => !seen.has(code))};
}
