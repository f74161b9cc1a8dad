import type {AnyLab} from '../../labs/lab.ts';
import {type Expectation, expectations, type Proof} from '../../labs/verify.ts';
import {reportCodes, reportVariants} from '../../labs/verify-report.ts';
import {seconds} from '../output/figures.ts';
import {paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {block, counted} from '../output/text.ts';

/** A lab, and what is to be proved of it. */
export interface Todo {
  readonly lab: AnyLab;
  readonly only: readonly Expectation[];
}

export interface Reported {
  readonly todo: readonly Todo[];
  readonly proofs: readonly Proof[];
  readonly problems: readonly string[];
  readonly first: number;
}

/** What `labs verify` prints: times and steadiness of each variant, what did not hold, codes that nothing came to. */
export function renderProofs({todo, proofs, problems, first}: Reported, width: number): string[] {
  const broken = proofs.filter(({holds}) => !holds).length + problems.length;
  const summary =
    broken === 0
      ? paint.good(`✔ All ${counted(proofs.length, 'expectation')} hold.`)
      : paint.bad(`✖ ${broken} of ${proofs.length + problems.length} do not hold.`);
  const took = proofs.reduce((sum, {row}) => sum + row.durationMs, 0);
  return [
    ...variantTable(proofs, width),
    ...proofs
      .filter(({holds}) => !holds)
      .flatMap(({row}) =>
        block(`${row.lab} ${row.variant} (seed ${row.seed}) was to ${row.expected}.`, width, '  ', paint.bad('✖')),
      ),
    ...problems.flatMap(problem => block(problem, width, '  ', paint.bad('✖'))),
    ...unseenCodes(todo, proofs, width),
    '',
    `${summary} ${seconds(took)} of runs. First seed ${first}.`,
  ];
}

/** One line per variant: how long it took, what it came to, and how steady that was over the seeds. */
function variantTable(proofs: readonly Proof[], width: number): string[] {
  const rows = reportVariants(proofs).map(({lab, variant, runs, asExpected, retries, meanMs, longestMs, wavering}) => {
    const last = proofs.findLast(({row}) => row.lab === lab && row.variant === variant)?.row;
    const steadiness = [
      ...(runs > 1 ? [`${asExpected}/${runs}`] : []),
      ...(retries > 0 ? [`${counted(retries, 'retry', 'retries')}`] : []),
      ...(wavering.length > 0 ? [`not each time: ${wavering.join(', ')}`] : []),
    ];
    return [
      asExpected === runs ? paint.good('✔') : paint.bad('✖'),
      lab,
      variant,
      runs > 1 ? `${seconds(meanMs)}, ${seconds(longestMs)} at most` : seconds(meanMs),
      `${last?.verdict ?? ''}${last === undefined || last.codes.length === 0 ? '' : ` ${last.codes.join(', ')}`}${steadiness.length === 0 ? '' : ` (${steadiness.join('; ')})`}`,
    ];
  });
  return table([['', 'LAB', 'VARIANT', 'TIME', 'CAME TO'], ...rows], {width, heading: paint.faint, right: [3]});
}

/** Where all of a lab was run: codes that nothing came to, so that nobody has seen their hints work. */
function unseenCodes(todo: readonly Todo[], proofs: readonly Proof[], width: number): string[] {
  return todo
    .filter(({lab, only}) => only.length === expectations(lab).length)
    .map(({lab}) => reportCodes(lab, proofs))
    .filter(({unseen}) => unseen.length > 0)
    .flatMap(({lab, codes, unseen}) =>
      block(
        `${lab}: no variant was stopped by ${unseen.length} of its ${codes} codes: ${unseen.join(', ')}.`,
        width,
        '  ',
        paint.warn('!'),
      ),
    );
}
