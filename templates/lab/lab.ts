import {jsonObject, signUp} from 'teralab/labs/accounts';
import {defineLab, type Evidence} from 'teralab/labs/lab';
import {drawn} from 'teralab/labs/predict/draw';
import {fail, inconclusive, pass} from 'teralab/labs/verdict';
import type {LedgerEntry, Operation} from 'teralab/load/load';
import type {Random} from 'teralab/random';

// A whole lab, small enough to read in five minutes: `teralab labs verify p1-90-your-lab` holds. Change it piece by piece into yours.

const LOAD_MS = 4_000;
const REFUSED_AT_MS = 1_000;
/** Pages asked for this close to the edges of the fault, in ms, may have met either system. */
const EDGE_MS = 150;

type Setup = {readonly token: string};

/** What the question states, and the load and the fault are given: drawn for each run. */
const parameters = (random: Random) => ({
  perSecond: random.integer(8, 16),
  refusedMs: random.pick([1_000, 1_250, 1_500, 1_750, 2_000]),
});

export default defineLab<Setup, null>({
  id: 'p1-90-your-lab',
  title: 'Your lab',
  phase: 1,
  weeks: [1, 2],
  objective: 'inter-service communication',
  concepts: ['API gateway'],
  minutes: 15,
  needs: ['p0-00-first-break'],
  seams: {gateway: {compose: 'compose.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'pages that were answered while stream refused connections',
  predict: {
    judges: 'counting',
    ask: (random, moment) => {
      const {perSecond, refusedMs} = parameters(random);
      const what = moment === 'break' ? 'how many of them get no page' : 'how many of them get a page with a gap';
      return {
        kind: 'interval',
        unit: 'pages',
        widthMax: 10,
        text: `${perSecond} clients a second ask for a page; stream refuses connections for ${refusedMs} ms: ${what}?`,
      };
    },
    answer: random => {
      const {perSecond, refusedMs} = parameters(random);
      const pages = (perSecond * refusedMs) / 1_000;
      return {low: pages - 5, high: pages + 5};
    },
    measure: ({attack}, moment) =>
      attack.filter(entry => (moment === 'break' ? entry.outcome !== 'ok' : hasGap(entry))).length,
  },
  setUp: async tools => {
    const {token} = await signUp(tools, 'Grace');
    // The first pages of a fresh system pay for connections and keys.
    for (let page = 0; page < 5; page++) {
      await tools.http('GET', '/v1/dashboard', {headers: {authorization: `Bearer ${token}`}});
    }
    return {token};
  },
  baseline: {load: (_, {token}) => ({operations: pages(token, 'before', 1_000, 10)}), okShareMin: 0.9},
  load: (tools, {token}) => {
    const {perSecond} = tools.drawn(parameters);
    return {operations: pages(token, 'attack', LOAD_MS, perSecond), okMin: 8};
  },
  faults: tools => [
    {kind: 'refuse', target: 'gateway->stream', atMs: REFUSED_AT_MS, forMs: tools.drawn(parameters).refusedMs},
  ],
  recovery: {withinMs: 5_000},
  final: async () => null,
  summary: evidence => {
    const during = caught(evidence);
    const lost = during.filter(({outcome}) => outcome !== 'ok').length;
    return [`stream refused connections; of ${during.length} pages asked for meanwhile ${lost} were not answered.`];
  },
  tasks: [
    {
      id: 'page-survives',
      title: 'The page comes while stream refuses connections, and names what is missing',
      judges: 'counting',
      codes: ['PAGE_LOST', 'GAP_NOT_NAMED'],
      settled: {PAGE_LOST: 'once-lost', GAP_NOT_NAMED: 'at-once'},
      judge: evidence => {
        const during = caught(evidence);
        const lost = during.filter(({outcome}) => outcome !== 'ok');
        const silent = during.filter(entry => entry.outcome === 'ok' && !hasGap(entry));
        const observed = `of ${during.length} pages ${lost.length} were lost, ${silent.length} did not say what is missing`;
        const expected = 'at most 5 % lost, and every other one names the parts that it does not have';
        if (during.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no page was asked for meanwhile', expected);
        if (lost.length > 0.05 * during.length) return fail('PAGE_LOST', observed, expected, stories(evidence, lost));
        if (silent.length > 0) return fail('GAP_NOT_NAMED', observed, expected, stories(evidence, silent));
        return pass(observed, expected);
      },
    },
    {
      id: 'whole-when-healthy',
      title: 'A healthy system gives whole pages',
      judges: 'counting',
      codes: ['PART_DROPPED'],
      settled: {PART_DROPPED: 'at-once'},
      judge: evidence => {
        const healthy = evidence.baseline.filter(({outcome}) => outcome === 'ok');
        const broken = healthy.filter(hasGap);
        const observed = `${healthy.length - broken.length} of ${healthy.length} pages before the fault were whole`;
        const expected = 'nine of ten at least';
        return broken.length <= 0.1 * healthy.length
          ? pass(observed, expected)
          : fail('PART_DROPPED', observed, expected, stories(evidence, broken));
      },
    },
  ],
  wrong: [
    {
      name: 'empty-instead',
      task: 'page-survives',
      code: 'GAP_NOT_NAMED',
      why: 'an empty list is what clients can deal with already',
    },
    {
      name: 'without-stream',
      task: 'whole-when-healthy',
      code: 'PART_DROPPED',
      why: 'leaving out what fails is the quickest fix of an incident, and stays',
    },
  ],
});

function pages(token: string, phase: string, forMs: number, perSecond: number): Operation[] {
  return Array.from({length: Math.floor((forMs / 1_000) * perSecond)}, (_, index) => ({
    id: `${phase}-${index}`,
    name: 'page',
    atMs: (index * 1_000) / perSecond,
    request: {method: 'GET', path: '/v1/dashboard', headers: {authorization: `Bearer ${token}`}},
    patienceMs: 1_500,
  }));
}

/** Pages that were asked for while the fault was in force, as its record tells it. */
function caught({seed, attack, faults, times}: Evidence<Setup, null>): readonly LedgerEntry[] {
  const refusal = faults.find(({kind}) => kind === 'refuse');
  const from = refusal?.appliedAt ?? times.attackFrom + REFUSED_AT_MS;
  const to = refusal?.endedAt ?? from + drawn(seed, parameters).refusedMs;
  return attack.filter(({intendedAt}) => intendedAt >= from + EDGE_MS && intendedAt <= to - EDGE_MS);
}

function pageOf(entry: LedgerEntry): Readonly<Record<string, unknown>> | undefined {
  return jsonObject(entry.sends.at(-1)?.body);
}

/** Whether the page says that something is missing. */
function hasGap(entry: LedgerEntry): boolean {
  const missing = pageOf(entry)?.missing;
  return Array.isArray(missing) && missing.length > 0;
}

function stories({times}: Evidence<Setup, null>, entries: readonly LedgerEntry[]): string[] {
  return entries.slice(0, 3).map(entry => {
    const at = ((entry.intendedAt - times.attackFrom) / 1_000).toFixed(2);
    return `page ${entry.id} at +${at} s: ${entry.status ?? entry.sends[0]?.error ?? 'no answer'} after ${Math.round(entry.latencyMs)} ms`;
  });
}
