import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {type Final, lagOf, type Read, type ReadBack, readsOf, readsToCome, type Seen, showsOwn} from './evidence.ts';
import {PAGE} from './traffic.ts';

const PAIRS_MIN = 240;
/** On top of what the projection itself took, ms. */
const EXTRA_MS = 200;
const WRITE_SIDE_SHARE_MAX = 0.05;
/** What the contract calls the caller's patience, and what it takes to send the answer, ms. */
const BOUND_MS = 2_500;
const ANSWER_MS = 700;
/** A projection that gets there within this time is waited for, ms. */
const WAITED_FOR_MS = 2_250;
const REFUSED_SHARE_MAX = 0.02;
const HELD_UP_MIN = 5;
/** Clocks of the database and of the lab, and an answer that is on its way, ms. */
const CLOCK_SLACK_MS = 40;

/** Whoever is answered at all sees its own write. */
export function judgeOwnWrites(seen: Seen): Judgement {
  const reads = readsOf(seen);
  const shown = reads.filter(({items}) => items !== undefined);
  const stale = shown.filter(read => !showsOwn(read));
  const early = reads.filter(read => read.turn === 1 && lagOf(read) > 0);
  const observed = `${stale.length} of ${shown.length} reads did not show the client's own write; ${early.length} first reads came before the projection had it`;
  const expected = 'no client reads less than it has written';
  if (stale.length > 0) return fail('STALE_READ', observed, expected, stale.slice(0, 3).map(tell));
  const toCome = readsToCome(seen);
  const pairs = reads.filter(({turn}) => turn === 1).length + toCome.first;
  if (pairs < PAIRS_MIN) return inconclusive('NOTHING_TO_JUDGE', `only ${pairs} pairs of a write and a read`, expected);
  const soon = reads.filter(read => lagOf(read) <= WAITED_FOR_MS);
  // What the module said itself; that a gateway or a machine had no time is not its doing.
  const refused = soon.filter(
    ({status, projectedAt}) => (status === 412 || status === 500) && Number.isFinite(projectedAt),
  );
  const all = soon.length + toCome.first + toCome.second;
  const share = all === 0 ? 0 : refused.length / all;
  const answers = `${refused.length} of ${soon.length} reads for which the projection was in time were told to come back, or got an error`;
  if (share > REFUSED_SHARE_MAX)
    return unlessBusy(
      seen.control.busy,
      1 - share,
      fail('READS_REFUSED', answers, 'a page for whoever waits for 2 s and less', refused.slice(0, 3).map(tell)),
    );
  const pages = shown.length + toCome.first + toCome.second;
  if (pages < PAIRS_MIN) return inconclusive('NOTHING_TO_JUDGE', `only ${pages} reads got a page`, expected);
  return pass(observed, expected, [answers]);
}

/** Each read against the lag of its own write: what it took on top of that. */
export function judgeWaits(seen: Seen): Judgement {
  const reads = readsOf(seen).filter(read => read.turn === 1 && read.items !== undefined && lagOf(read) <= BOUND_MS);
  const extra = reads.map(read => ({read, ms: read.tookMs - lagOf(read)})).toSorted((a, b) => b.ms - a.ms);
  const toCome = readsToCome(seen).first;
  const p95 = extra[Math.floor((extra.length + toCome) * 0.05)]?.ms ?? 0;
  const observed = `the 95th percentile of what ${reads.length} reads took on top of their own lag was ${Math.round(p95)} ms`;
  const expected = `at most ${EXTRA_MS} ms: who need not wait does not`;
  if (reads.length + toCome < PAIRS_MIN / 2)
    return inconclusive('NOTHING_TO_JUDGE', `only ${reads.length} reads got a page`, expected);
  if (p95 <= EXTRA_MS) return pass(observed, expected);
  const over = extra.slice(0, 3).map(({read, ms}) => `${tell(read)}; ${Math.round(ms)} ms on top`);
  return fail('WAITS_TOO_LONG', observed, expected, over);
}

/** What a client was shown once is there when it looks again. */
export function judgeBackwards(seen: Seen): Judgement {
  const reads = readsOf(seen);
  const second = new Map(reads.filter(({turn}) => turn === 2).map(read => [read.written, read]));
  const both = reads.flatMap(first => {
    const later = first.turn === 1 ? second.get(first.written) : undefined;
    return first.items === undefined || later?.items === undefined ? [] : [{first, later}];
  });
  const gone = both
    .map(({first, later}) => ({first, later, missing: missingFrom(later, first)}))
    .filter(({missing}) => missing.length > 0);
  const observed = `${gone.length} of ${both.length} clients that read twice were shown less the second time`;
  const expected = 'a client never sees less than it has seen';
  if (gone.length === 0)
    return both.length < PAIRS_MIN / 2
      ? inconclusive('NOTHING_TO_JUDGE', `only ${both.length} clients read twice`, expected)
      : pass(observed, expected);
  return fail(
    'WENT_BACKWARDS',
    observed,
    expected,
    gone
      .slice(0, 3)
      .map(
        ({first, later, missing}) =>
          `${tell(first)}; ${Math.round(later.sentAt - first.sentAt)} ms later it read again, and ${missing[0]} was gone`,
      ),
  );
}

/** Of what the first read showed, what the second one should show and does not: all that is newer than the end of a full page. */
function missingFrom(later: Read, first: Read): readonly string[] {
  const shown = new Set(later.items?.map(({id}) => id));
  const oldest = (later.items?.length ?? 0) < PAGE ? '' : (later.items?.at(-1)?.at ?? '');
  return (first.items ?? []).filter(({id, at}) => !shown.has(id) && at > oldest).map(({id}) => id);
}

/** Where the answers came from, seen from outside: a page with a write that the projection did not have yet is not the projection's. */
export function judgeSource(seen: Seen): Judgement {
  const reads = readsOf(seen);
  const ahead = reads.filter(
    read => showsOwn(read) && read.answeredAt !== null && read.answeredAt < read.notProjectedBefore - CLOCK_SLACK_MS,
  );
  const {writeSideReads} = seen.final;
  const toCome = readsToCome(seen);
  const all = reads.length + toCome.first + toCome.second;
  const most = Math.floor(all * WRITE_SIDE_SHARE_MAX);
  const observed = `${reads.length} reads: ${writeSideReads} looks at the write side, ${ahead.length} pages that were ahead of the projection`;
  const expected = `at most ${most} (5 %) of either`;
  if (all === 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  if (writeSideReads > most) return fail('FROM_THE_WRITE_SIDE', observed, expected, ahead.slice(0, 3).map(tell));
  if (ahead.length > most) return fail('NOT_THE_PROJECTION', observed, expected, ahead.slice(0, 3).map(tell));
  if (all < PAIRS_MIN) return inconclusive('NOTHING_TO_JUDGE', `only ${all} reads came after a write`, expected);
  return pass(observed, expected);
}

/** Reads whose write the projection does not get within anybody's patience. */
export function judgeStall(seen: Seen): Judgement {
  const waiting = readsOf(seen).filter(read => lagOf(read) > BOUND_MS + ANSWER_MS);
  const held = waiting.filter(({answeredAt, tookMs}) => answeredAt === null || tookMs > BOUND_MS + ANSWER_MS);
  const longest = waiting.reduce((most, {tookMs}) => Math.max(most, tookMs), 0);
  const observed = `${held.length} of ${waiting.length} reads that could not have their write yet were held up; the longest took ${Math.round(longest)} ms`;
  const expected = `an answer within ${BOUND_MS} ms and what it takes to send it: "come back later" is one`;
  if (waiting.length < HELD_UP_MIN)
    return inconclusive('NOTHING_TO_JUDGE', `only ${waiting.length} reads met the standstill`, expected);
  return held.length === 0 ? pass(observed, expected) : fail('HELD_UP', observed, expected, held.slice(0, 3).map(tell));
}

export function judgeEqual(seen: Seen): Judgement {
  const {written, after, rebuild, rebuilt} = seen.final;
  const total = Object.values(written).reduce((sum, ids) => sum + ids.length, 0);
  const expected = 'each event of the write side once, and nothing else';
  if (total === 0) return inconclusive('NOTHING_TO_JUDGE', 'nothing was written', expected);
  const late = differences(written, after);
  // What the gateway says of a machine that has no time is not the module's doing.
  const unavailable = Object.values(after).filter(one => typeof one === 'number' && one > 500).length;
  if (late.length > 0)
    return unlessBusy(
      seen.control.busy,
      1 - (late.length - unavailable) / Object.keys(written).length,
      fail('DIFFERS', `5 s after the load ${late.length} accounts read something else than they wrote`, expected, late),
    );
  if (rebuild.state !== 'done')
    return inconclusive(
      'NOTHING_TO_JUDGE',
      `the rebuild was ${rebuild.state}: ${rebuild.reason ?? 'it took too long'}`,
      expected,
    );
  const again = differences(written, rebuilt);
  if (again.length > 0)
    return fail(
      'DIFFERS',
      `after a rebuild ${again.length} accounts read something else than they wrote`,
      expected,
      again,
    );
  return pass(
    `${total} events of ${Object.keys(written).length} accounts are there once each, also after a rebuild`,
    expected,
  );
}

function differences(written: Final['written'], read: ReadBack): readonly string[] {
  return Object.entries(written).flatMap(([account, ids]) => {
    const shown = read[account] ?? [];
    if (typeof shown === 'number')
      return [`account ${account}: ${ids.length} written; who read them without a position was answered ${shown}`];
    const missing = ids.filter(id => !shown.includes(id));
    const extra = shown.length - new Set(shown).size + shown.filter(id => !ids.includes(id)).length;
    return missing.length + extra === 0
      ? []
      : [
          `account ${account}: ${ids.length} written, ${shown.length} read; ${missing.length} missing, ${extra} too many`,
        ];
  });
}

function tell({entry, written, status, tookMs, sentAt, projectedAt, items}: Read): string {
  const lag = Number.isFinite(projectedAt) ? `${Math.round(projectedAt - sentAt)} ms after it was asked` : 'never';
  const shown =
    items === undefined ? '' : `, ${items.some(({id}) => id === written) ? 'with' : 'without'} its own write`;
  return `op ${entry.id}: answered ${status ?? 'nothing'} after ${Math.round(tookMs)} ms${shown}; the projection had the write ${lag}`;
}
