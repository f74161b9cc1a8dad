import {latencies, median} from '../../src/checkers/percentiles.ts';
import {jsonObject, signUp} from '../../src/labs/accounts.ts';
import {defineLab, type Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry, Operation} from '../../src/load/load.ts';

const RATE_PER_SECOND = 12;
const PAUSE_AT_MS = 2_000;
const PAUSE_FOR_MS = 5_000;
const LOAD_MS = 9_500;
/** A page that was asked for this shortly before the pause may have been caught by it, in ms; and after it the system needs a moment. */
const EDGE_MS = 700;
const IN_TIME_SHARE = 0.97;
const PARTS = ['account', 'activity', 'windows'] as const;

type Setup = {readonly token: string; readonly account: string; readonly patienceMs: number};

export default defineLab<Setup, null>({
  id: 'p0-00-first-break',
  title: 'First break',
  phase: 0,
  weeks: [1],
  objective: 'inter-service communication',
  concepts: ['API gateway', 'health checks and recovery'],
  minutes: 5,
  needs: [],
  seams: {gateway: {compose: 'compose.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: "pages that came within the caller's patience while stream was paused",
  setUp: async tools => {
    const {account, token} = await signUp(tools, 'Ada');
    await tools.http('POST', '/v1/activity', {
      headers: {authorization: `Bearer ${token}`},
      body: {kind: 'page.opened'},
    });
    // The first pages of a fresh system pay for connections and keys; they are not what this is about.
    for (let page = 0; page < 10; page++) {
      await tools.http('GET', '/v1/dashboard', {headers: {authorization: `Bearer ${token}`}});
    }
    return {account, token, patienceMs: tools.random.integer(6, 9) * 100};
  },
  baseline: {load: (_, setup) => ({operations: pages(setup, 'before', 2_000)}), okShareMin: 0.9},
  load: (_, setup) => ({operations: pages(setup, 'attack', LOAD_MS)}),
  faults: () => [{kind: 'pause', target: 'stream', atMs: PAUSE_AT_MS, forMs: PAUSE_FOR_MS}],
  recovery: {withinMs: 10_000},
  replay: (_, setup) => ({operations: pages(setup, 'after', 1_500)}),
  final: async () => null,
  summary: evidence => {
    const during = caught(evidence);
    const inTime = during.filter(entry => entry.outcome === 'ok');
    return [
      `stream was paused for ${PAUSE_FOR_MS / 1000} s. Of ${during.length} pages asked for meanwhile, ${inTime.length} came within the ${evidence.setup.patienceMs} ms that their callers wait.`,
      `Before the pause a page took ${medianOf(evidence.baseline)} ms, during it ${medianOf(during)} ms.`,
    ];
  },
  tasks: [
    {
      id: 'in-time',
      title: "The page comes within its caller's patience",
      judges: 'counting',
      codes: ['PAGE_TOO_LATE', 'PAGE_REFUSED'],
      settled: {PAGE_TOO_LATE: 'once-lost', PAGE_REFUSED: 'once-lost'},
      judge: evidence => {
        const during = caught(evidence);
        const inTime = during.filter(entry => entry.outcome === 'ok');
        const observed = `${inTime.length} of ${during.length} pages came within ${evidence.setup.patienceMs} ms while stream was paused`;
        const expected = `${IN_TIME_SHARE * 100} % of them do`;
        if (during.length === 0)
          return inconclusive('NOTHING_ASKED', 'no page was asked for while stream was paused', expected);
        if (inTime.length >= IN_TIME_SHARE * during.length) return pass(observed, expected);
        const others = during.filter(entry => entry.outcome !== 'ok');
        const refused = others.filter(entry => entry.status !== null && entry.status >= 500);
        return unlessBusy(
          evidence.control.busy,
          inTime.length / during.length,
          fail(
            refused.length > others.length / 2 ? 'PAGE_REFUSED' : 'PAGE_TOO_LATE',
            observed,
            expected,
            stories(evidence, others),
          ),
        );
      },
    },
    {
      id: 'says-what-is-missing',
      title: 'It has the part that works, and names what is missing',
      judges: 'counting',
      codes: ['NOT_NAMED', 'WORKING_PART_LOST'],
      settled: {NOT_NAMED: 'at-once', WORKING_PART_LOST: 'at-once'},
      judge: evidence => {
        const answered = caught(evidence).filter(entry => entry.status === 200);
        const expected = 'every page that was answered has the account part, and names the parts that it does not have';
        if (answered.length === 0)
          return inconclusive('NOTHING_ANSWERED', 'no page was answered while stream was paused', expected);
        const wrong = answered.filter(entry => !isHonest(pageOf(entry)) || hasMadeUp(evidence, entry));
        const lost = answered.filter(entry => lacks(pageOf(entry), 'account'));
        const observed = `${answered.length - wrong.length - lost.length} of ${answered.length} answered pages were so`;
        if (lost.length > 0)
          return unlessBusy(
            evidence.control.busy,
            1 - lost.length / answered.length,
            fail(
              'WORKING_PART_LOST',
              `${lost.length} of ${answered.length} answered pages lack the account, though identity was well`,
              expected,
              stories(evidence, lost),
            ),
          );
        if (wrong.length > 0) return fail('NOT_NAMED', observed, expected, stories(evidence, wrong));
        return pass(observed, expected);
      },
    },
    {
      id: 'whole-when-healthy',
      title: 'When everything is well, the page is whole',
      judges: 'counting',
      codes: ['PART_DROPPED'],
      judge: evidence => {
        const healthy = [...evidence.baseline, ...evidence.replay].filter(entry => entry.status === 200);
        const broken = healthy.filter(entry => PARTS.some(part => lacks(pageOf(entry), part)));
        const observed = `${healthy.length - broken.length} of ${healthy.length} pages before the pause and after it were whole`;
        const expected = 'a healthy system gives whole pages (97 % at least)';
        if (healthy.length === 0)
          return inconclusive('NOTHING_ANSWERED', 'no page was answered before the pause or after it', expected);
        if (broken.length <= 0.03 * healthy.length) return pass(observed, expected);
        return unlessBusy(
          evidence.control.busy,
          1 - broken.length / healthy.length,
          fail('PART_DROPPED', observed, expected, stories(evidence, broken)),
        );
      },
    },
  ],
  wrong: [
    {
      name: 'longer-is-safer',
      task: 'in-time',
      code: 'PAGE_TOO_LATE',
      why: 'a longer timeout makes fewer errors, in the log of the one who waits',
    },
    {
      name: 'one-second',
      task: 'in-time',
      code: 'PAGE_TOO_LATE',
      why: 'a round number is what one writes when nobody says how long the caller waits',
    },
    {
      name: 'account-only',
      task: 'whole-when-healthy',
      code: 'PART_DROPPED',
      why: 'leaving out what hangs is the quickest fix of an incident, and stays',
    },
    {name: 'all-or-nothing', task: 'in-time', code: 'PAGE_REFUSED', why: 'an error is an answer in time'},
  ],
});

function pages({token, patienceMs}: Setup, phase: string, forMs: number): Operation[] {
  return Array.from({length: Math.floor((forMs / 1000) * RATE_PER_SECOND)}, (_, index) => ({
    id: `${phase}-${index}`,
    name: 'dashboard',
    atMs: (index * 1000) / RATE_PER_SECOND,
    request: {
      method: 'GET',
      path: '/v1/dashboard',
      headers: {authorization: `Bearer ${token}`, 'x-patience-ms': String(patienceMs)},
    },
    patienceMs,
  }));
}

/** Pages that were asked for while stream was paused, as the fault's record tells it. */
function caught({attack, faults, times}: Evidence<Setup, null>): readonly LedgerEntry[] {
  const pause = faults.find(fault => fault.kind === 'pause');
  const from = (pause?.appliedAt ?? times.attackFrom + PAUSE_AT_MS) + 50;
  const to = (pause?.endedAt ?? from + PAUSE_FOR_MS) - EDGE_MS;
  return attack.filter(entry => entry.intendedAt >= from && entry.intendedAt <= to);
}

function stories({times}: Evidence<Setup, null>, entries: readonly LedgerEntry[]): string[] {
  return entries.slice(0, 4).map(entry => {
    const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
    const missing = pageOf(entry)?.missing;
    return `op ${entry.id} at +${at} s: ${entry.status ?? entry.sends[0]?.error ?? 'no answer'} after ${Math.round(entry.latencyMs)} ms${Array.isArray(missing) ? `, missing: ${missing.join(', ') || 'nothing'}` : ''}`;
  });
}

type Page = Readonly<Record<string, unknown>>;

function isHonest(page: Page | undefined): boolean {
  const missing = page?.missing;
  return Array.isArray(missing) && PARTS.every(part => lacks(page, part) === missing.includes(part));
}

/**
 * Whether a page that was there before stream went on shows an activity that no page had shown before stream was paused: nobody has told it.
 * Windows go on by themselves, so that of them the same cannot be said.
 */
function hasMadeUp({baseline, attack, faults}: Evidence<Setup, null>, entry: LedgerEntry): boolean {
  const {appliedAt, endedAt = Number.POSITIVE_INFINITY} = faults.find(({kind}) => kind === 'pause') ?? {};
  const page = pageOf(entry);
  if (appliedAt === undefined || lacks(page, 'activity') || entry.intendedAt + entry.latencyMs >= endedAt) return false;
  const shown = [...baseline, ...attack].filter(({intendedAt}) => intendedAt < appliedAt);
  return shown.every(before => JSON.stringify(pageOf(before)?.activity) !== JSON.stringify(page?.activity));
}

function lacks(page: Page | undefined, part: (typeof PARTS)[number]): boolean {
  return (page?.[part] ?? null) === null;
}

function pageOf(entry: LedgerEntry): Page | undefined {
  return jsonObject(entry.sends.at(-1)?.body);
}

function medianOf(entries: readonly LedgerEntry[]): number {
  return Math.round(median(latencies(entries)) ?? 0);
}
