import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {
  downAt,
  filling,
  largestBatch,
  longestWait,
  looksWhenDone,
  mayBeDoneBy,
  type Run,
  reportsTold,
  requests,
  told,
  waitOf,
  wrongReadsOf,
} from './evidence.ts';
import {REPORT} from './script.ts';
import {COLD} from './set-up.ts';

const WAIT_MAX_MS = 1_000;
const DONE_WITHIN_MS = 4_000;
const BATCH_MAX = 1_000;

export function judgeWaits(evidence: Run): Judgement {
  const longest = longestWait(evidence);
  const expected = `at most ${WAIT_MAX_MS} ms from the intended start to the answer, for every request`;
  if (longest === undefined) return inconclusive('NOTHING_ASKED', 'nothing was asked', expected);
  const observed = `the longest wait was ${Math.ceil(longest)} ms`;
  if (longest <= WAIT_MAX_MS) return pass(observed, expected);
  const late = requests(evidence).filter(entry => waitOf(entry) > WAIT_MAX_MS);
  return fail('WAITED_TOO_LONG', observed, expected, [
    ...late.slice(0, 3).map(entry => told(evidence, entry)),
    `${late.length} requests waited longer; ${reportsTold(evidence)}`,
  ]);
}

export function judgeErrors(evidence: Run): Judgement {
  const all = evidence.attack;
  const failed = all.filter(({outcome}) => outcome !== 'ok');
  const observed = `${all.length - failed.length} of ${all.length} requests were answered`;
  const expected = 'all of them, before, while and after the schema changes';
  if (requests(evidence).length === 0) return inconclusive('NOTHING_ASKED', 'nothing was asked', expected);
  if (failed.length === 0) return pass(observed, expected);
  return unlessBusy(
    evidence.control.busy,
    1 - failed.length / all.length,
    fail(
      'FAILED_REQUESTS',
      observed,
      expected,
      failed.slice(0, 4).map(entry => told(evidence, entry)),
    ),
  );
}

export function judgeReports({setup: {watch}}: Run): Judgement {
  const killed = watch.reports.filter(({error}) => error !== null);
  const expected = 'both reports run to their end';
  if (killed.length > 0)
    return fail(
      'REPORT_KILLED',
      `${killed.length} of ${watch.reports.length} reports were ended`,
      expected,
      killed.map(({error}) => `the report ended with: ${error}`),
    );
  if (watch.reports.length < 2) return inconclusive('NO_REPORT', 'a report was never begun', expected);
  if (watch.reports.some(({endedAt}) => endedAt === null))
    return inconclusive('NO_REPORT', 'a report has not come to its end', expected);
  return pass('both reports ran to their end', expected);
}

export function judgeDone(evidence: Run): Judgement {
  const {setup, final, times} = evidence;
  const [report, second] = setup.watch.reports;
  const seconds = DONE_WITHIN_MS / 1000;
  const expected = `the new column is filled ${seconds} s after the first SELECT, and nothing of it is left at the end`;
  if (report === undefined || second === undefined || setup.watch.looks.length === 0)
    return inconclusive('NOT_SEEN', 'the table could not be looked at', expected);
  const reportEnd = report.endedAt ?? report.startedAt + REPORT.forMs;
  const [done] = looksWhenDone(evidence);
  const isRunning = report.endedAt === null && report.error === null;
  if (done === undefined && (isRunning || mayBeDoneBy(reportEnd + DONE_WITHIN_MS, evidence)))
    return inconclusive('NOT_SEEN', 'the change is not too late yet', expected);
  const last = setup.watch.looks.filter(({at}) => at < downAt(evidence)).at(-1);
  const state =
    last?.hasColumn === true
      ? `${last.differing ?? 'all'} rows were not filled in`
      : 'there was no column events_per_minute';
  if (done === undefined || done.at > reportEnd + DONE_WITHIN_MS)
    return fail(
      'NOT_DONE',
      done === undefined
        ? `the change was not done when it was to be taken back: ${state}`
        : `the change was done ${((done.at - reportEnd) / 1000).toFixed(1)} s after the SELECT`,
      expected,
      [reportsTold(evidence), ...filling(evidence)],
    );
  const after = `the change was done ${((done.at - times.attackFrom) / 1000).toFixed(1)} s into the load, the SELECT ended at ${((reportEnd - times.attackFrom) / 1000).toFixed(1)} s`;
  if (final.leftovers.length > 0)
    return fail(
      'NOT_TAKEN_BACK',
      `${final.leftovers.join(', ')} ${final.leftovers.length === 1 ? 'is' : 'are'} still there at the end`,
      expected,
      [after, reportsTold(evidence)],
    );
  return pass(`${after}; nothing of it was left at the end`, expected);
}

export function judgeBoth(evidence: Run): Judgement {
  const expected =
    'a read gives what was acknowledged last, whichever version wrote or reads it; and the columns agree in every row once they are filled';
  const reads = evidence.attack.filter(({name, outcome}) => name.startsWith('read') && outcome === 'ok');
  const wrong = wrongReadsOf(evidence);
  if (reads.length < 200) return inconclusive('NOTHING_READ', `${reads.length} reads were answered`, expected);
  if (wrong.length > 0)
    return fail('WRONG_READ', `${wrong.length} of ${reads.length} reads gave something else`, expected, [
      ...wrong
        .slice(0, 3)
        .map(
          ({entry, got, expected: values}) =>
            `${told(evidence, entry)}, ${String(got)} instead of ${values.join(' or ')}`,
        ),
    ]);
  const looks = looksWhenDone(evidence);
  if (looks.length === 0) return inconclusive('NOT_FILLED', 'the new column was never filled', expected);
  const apart = looks.filter(({differing}) => differing !== 0);
  if (apart.length > 0)
    return fail(
      'COLUMNS_DIFFER',
      `in ${apart.length} of ${looks.length} looks at the filled table its columns did not agree`,
      expected,
      apart
        .slice(0, 3)
        .map(({at, differing}) => `+${((at - evidence.times.attackFrom) / 1000).toFixed(1)} s: ${differing} rows`),
    );
  return pass(`${reads.length} reads, all right; the columns agreed in ${looks.length} looks`, expected);
}

export function judgeBatches(evidence: Run): Judgement {
  const largest = largestBatch(evidence);
  const expected = `no transaction writes more than ${BATCH_MAX} of the ${COLD} rows`;
  const isFilled = looksWhenDone(evidence).length > 0;
  if (largest === undefined || (!isFilled && largest <= BATCH_MAX))
    return inconclusive('NOT_FILLED', 'the new column was never filled', expected);
  const observed = `the largest transaction wrote ${largest} rows`;
  if (largest <= BATCH_MAX) return pass(observed, expected);
  return fail('NOT_BATCHED', observed, expected, [
    'seen in the rows themselves: each carries the number of the transaction that wrote it last (xmin)',
    'until a transaction ends, whoever wants one of its rows waits; and it is undone as a whole',
  ]);
}
