import {repetitions, selectRequests} from '../../src/checkers/attempts.ts';
import {select} from '../../src/checkers/availability.ts';
import {story} from '../../src/checkers/story.ts';
import type {RequestLogEntry} from '../../src/fabric/fabric.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Setup} from './set-up.ts';
import {OUTAGE_AT_MS, OUTAGE_FOR_MS} from './traffic.ts';

export type Seen = Evidence<Setup, null>;

const SHARE_MIN = 0.99;
const CALLS_PER_THOUSAND_MAX = 2;
/** Fewer forged tokens than this, answered, tell nothing. */
const FORGED_MIN = 20;
export const CLOSED_COUNTS_MS = 7_000;

/** When identity was away, as the fault's record tells it, unix ms; while it is away nobody knows until when. */
export function outage({faults, times}: Seen): {readonly from: number; readonly to: number} {
  const crash = faults.find(fault => fault.kind === 'crash');
  const from = crash?.appliedAt ?? times.attackFrom + OUTAGE_AT_MS;
  const expected = crash?.appliedAt === undefined ? from + OUTAGE_FOR_MS : Number.POSITIVE_INFINITY;
  return {from, to: crash?.endedAt ?? expected};
}

export function judgeOutage(evidence: Seen): Judgement {
  const window = outage(evidence);
  const reads = select(evidence.attack, {name: 'read', ...window});
  const failed = reads.filter(isNotOk);
  const share = 1 - failed.length / reads.length;
  const observed = `${reads.length - failed.length} of ${reads.length} requests with good tokens succeeded while identity was away; none of them needs identity`;
  const expected = `${SHARE_MIN * 100} % of them do`;
  if (reads.length === 0) return inconclusive('NOTHING_ASKED', observed, expected);
  if (share >= SHARE_MIN) return pass(observed, expected);
  // Accepted, not only shown: on containers identity is gone a moment before its record says so.
  const before = new Set(
    select(evidence.attack, {name: 'read', to: window.from})
      .filter(entry => !isNotOk(entry))
      .map(tokenOf),
  );
  const known = reads.filter(entry => before.has(tokenOf(entry)));
  const refusedKnown = known.filter(isNotOk).length;
  const onlyFresh = known.length > 0 && refusedKnown < 0.05 * known.length && refusedKnown < failed.length / 2;
  const counts = `with tokens that had been accepted before: ${known.length - refusedKnown} of ${known.length}; with fresh ones: ${reads.length - known.length - (failed.length - refusedKnown)} of ${reads.length - known.length}`;
  return unlessBusy(
    evidence.control.busy,
    shareOrRestarted(evidence, share),
    fail(onlyFresh ? 'FRESH_TOKENS_REFUSED' : 'BOUND_TO_IDENTITY', observed, expected, [
      ...tell(evidence, failed),
      counts,
    ]),
  );
}

/** What the load itself wants of identity. */
const ASKED_FOR = ['DELETE /v1/accounts/me', 'POST /v1/sessions/refresh'];

/** Calls to identity that the gateway makes for its own sake. */
export function callsToIdentity({requests}: Seen): readonly RequestLogEntry[] {
  return selectRequests(requests, {link: 'gateway->identity'}).filter(
    ({method, path}) => !ASKED_FOR.includes(`${method} ${path}`),
  );
}

export function judgeCalls(evidence: Seen): Judgement {
  const calls = callsToIdentity(evidence);
  const requests = evidence.attack.filter(({outcome}) => outcome !== 'dropped').length;
  const perThousand = (1_000 * calls.length) / requests;
  const tokens = new Set(select(evidence.attack, {name: 'read'}).map(tokenOf)).size;
  const observed = `the gateway asked identity ${calls.length} times for ${requests} requests with ${tokens} different tokens: ${perThousand.toFixed(1)} per 1000`;
  const expected = `at most ${CALLS_PER_THOUSAND_MAX} per 1000, however many tokens there are`;
  if (requests === 0) return inconclusive('NOTHING_ASKED', 'no request was sent', expected);
  if (perThousand <= CALLS_PER_THOUSAND_MAX) return pass(observed, expected);
  const paths = repetitions(calls, call => `${call.method} ${call.path}`);
  // Of those that have come: in the midst of the attack others are still to be answered.
  const came = selectRequests(evidence.requests, {link: 'client->gateway'}).length;
  const code =
    calls.length > 0.3 * came ? 'ASKS_EACH_TIME' : calls.length > tokens / 2 ? 'ASKS_PER_TOKEN' : 'ASKS_OFTEN';
  return fail(code, observed, expected, [
    ...calls
      .slice(0, 3)
      .map(call => `${since(evidence, call.at)}: ${call.method} ${call.path}: ${call.status ?? 'no answer'}`),
    ...[...paths].map(([path, some]) => `${some.length} x ${path}`),
  ]);
}

export function judgeForged(evidence: Seen): Judgement {
  const forged = select([...evidence.attack], {name: 'forged'});
  const passed = passedOn(evidence);
  const through = forged.filter(entry => passed.has(traceOf(entry)) || entry.outcome === 'ok');
  const observed = `${through.length} of ${forged.length} requests with forged tokens got past the gateway`;
  const expected = 'none does, whether identity is there or not';
  const answered = forged.filter(({status}) => status !== null).length;
  if (through.length === 0 && answered < FORGED_MIN)
    return inconclusive('NOTHING_FORGED', `${observed}, and ${answered} were answered`, expected);
  if (through.length === 0) return pass(observed, expected);
  const kinds = [...new Set(through.map(({operation}) => String(operation.facts?.kind)))];
  return fail('FORGERY_ACCEPTED', observed, expected, [...tell(evidence, through), `kinds: ${kinds.join(', ')}`]);
}

/** The two ways in which sessions end here: what ends them, the answer that says so, and who goes on to show the token. */
const ENDINGS = [
  {ends: 'close', answer: 204, shows: 'leaver', whose: 'of a closed account'},
  {ends: 'steal', answer: 401, shows: 'robbed', whose: 'of a stolen session'},
] as const;

export function judgeEnded(evidence: Seen): Judgement {
  const expected = `none is let through later than ${CLOSED_COUNTS_MS / 1_000} s after that`;
  const passed = passedOn(evidence);
  const found = ENDINGS.map(ending => ({...ending, ...afterEnd(evidence, ending, passed)}));
  const undone = found.find(({endedAt}) => endedAt === undefined);
  if (undone !== undefined) {
    const why = `the session could not be ended (${undone.ends}): ${undone.said}`;
    return undone.ends === 'close' && /^(401|403)$/.test(undone.said)
      ? fail('GOOD_TOKEN_REFUSED', why, 'the account of a good token can be closed')
      : inconclusive('NOT_ENDED', why, expected);
  }
  const observed = found
    .map(
      ({whose, tries, through, lastMs}) =>
        `the token ${whose} was let through ${through} of ${tries} times, last ${(lastMs / 1_000).toFixed(1)} s after its end`,
    )
    .join('; ');
  const late = found.flatMap(one => one.late);
  if (late.length === 0 && found.some(({answeredLate}) => answeredLate === 0))
    return inconclusive('NOT_SHOWN', `${observed}; after that time not both were shown and answered`, expected);
  if (late.length === 0) return pass(observed, expected);
  return fail('ENDED_STILL_GOOD', observed, expected, tell(evidence, late));
}

/** What became of a token after its session had ended, as the lab's own client was told. */
function afterEnd(
  evidence: Seen,
  {ends, answer, shows}: (typeof ENDINGS)[number],
  passed: ReadonlySet<string | undefined>,
) {
  const [end] = select(evidence.attack, {name: ends});
  const [send] = end?.sends ?? [];
  const said = String(end?.status ?? send?.error ?? 'no answer');
  const endedAt = end?.status === answer && send !== undefined ? send.at + send.durationMs : undefined;
  const tries = select(evidence.attack, {name: shows, from: endedAt ?? Number.POSITIVE_INFINITY});
  const through = tries.filter(entry => passed.has(traceOf(entry)));
  const last = Math.max(endedAt ?? 0, ...through.map(({intendedAt}) => intendedAt));
  const isLate = ({intendedAt}: LedgerEntry): boolean => intendedAt > (endedAt ?? 0) + CLOSED_COUNTS_MS;
  const answeredLate = tries.filter(entry => isLate(entry) && entry.status !== null).length;
  const counts = {tries: tries.length, through: through.length, lastMs: last - (endedAt ?? 0), answeredLate};
  return {said, endedAt, late: through.filter(isLate), ...counts};
}

export function judgeGood(evidence: Seen): Judgement {
  const {from, to} = outage(evidence);
  // A gateway that has just been started asks for keys first; an identity that comes back needs a moment.
  const calm = [
    ...evidence.baseline,
    ...select(evidence.attack, {name: 'read'}).filter(
      ({intendedAt}) => intendedAt < from - 100 || intendedAt > to + 1_500,
    ),
  ];
  const failed = calm.filter(isNotOk);
  const share = 1 - failed.length / calm.length;
  const observed = `${calm.length - failed.length} of ${calm.length} requests with good tokens succeeded while identity was there`;
  const expected = `${SHARE_MIN * 100} % of them do`;
  if (calm.length === 0) return inconclusive('NOTHING_ASKED', observed, expected);
  if (share >= SHARE_MIN) return pass(observed, expected);
  return unlessBusy(
    evidence.control.busy,
    shareOrRestarted(evidence, share),
    fail('GOOD_TOKEN_REFUSED', observed, expected, tell(evidence, failed)),
  );
}

/** On a busy machine the gateway may have been restarted, and had nobody to ask for keys: then even a blatant failure tells nothing of the module. */
function shareOrRestarted({events, times}: Seen, share: number): number {
  const restarted = events.some(
    ({node, type, at}) => type === 'unresponsive' && node.startsWith('gateway') && at >= times.attackFrom,
  );
  return restarted ? 1 : share;
}

/** Traces of the operations that went on to stream: the gateway had let them in. */
function passedOn({requests}: Seen): ReadonlySet<string | undefined> {
  const onward = selectRequests(requests, {link: 'gateway->stream'});
  return new Set(onward.flatMap(({traceparent}) => traceparent?.split('-')[1] ?? []));
}

function tell(evidence: Seen, entries: readonly LedgerEntry[]): string[] {
  const [first, ...others] = entries;
  if (first === undefined) return [];
  const trace = traceOf(first);
  const requests = evidence.requests.filter(({traceparent}) => traceparent?.split('-')[1] === trace);
  return [
    ...story(first, {requests}),
    ...others
      .slice(0, 2)
      .map(
        entry =>
          `op ${entry.id} at ${since(evidence, entry.intendedAt)}: ${entry.status ?? entry.sends[0]?.error ?? 'no answer'}`,
      ),
  ];
}

function isNotOk({outcome}: LedgerEntry): boolean {
  return outcome !== 'ok';
}

function tokenOf({operation}: LedgerEntry): string {
  return String(operation.facts?.token);
}

function traceOf({operation}: LedgerEntry): string | undefined {
  return operation.request.headers?.traceparent?.split('-')[1];
}

function since({times}: Seen, at: number): string {
  return `${at >= times.attackFrom ? '+' : ''}${((at - times.attackFrom) / 1_000).toFixed(2)} s`;
}
