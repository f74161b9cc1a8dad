import type {ActivityRun, Journal, LoadPoint, SteadyState} from '../faults/experiments/journal.ts';
import type {FaultRecord} from '../faults/fault.ts';
import {createRandom, type Random} from '../random.ts';

/** 2026-11-27 06:25:22 UTC. */
export const START = 1_795_760_722_000;
const SECOND = 1000;
const ROUTES = ['GET /accounts/:id', 'POST /accounts'] as const;

/** A fault that delayed all answers of identity from 12 s to 27 s. */
export const latencyFault: FaultRecord = {
  id: 'f-3k9',
  kind: 'latency',
  target: 'gateway->identity',
  attributes: {latency: 300, jitter: 50, distribution: 'uniform', stream: 'downstream', toxicity: 1},
  seed: 7,
  reason: 'experiment',
  proxies: ['gateway-1->identity-1', 'gateway-1->identity-2'],
  nodes: [],
  undo: 'remove-toxic',
  toxic: 'latency',
  state: 'ended',
  plannedAt: START + 11_980,
  appliedAt: START + 12_000,
  endsAt: START + 27_000,
  endedAt: START + 27_004,
  endedBy: 'time',
  effect: {verdict: 'bites', observed: 'round trip 0.6 ms -> 301.2 ms (6 probes)'},
  healed: {verdict: 'none', observed: 'round trip 0.7 ms, before the fault 0.6 ms (6 probes)'},
};

/** A crash of a node from 36 s on that was to last until 48 s, and was cleared at 44 s. */
export const crashFault: FaultRecord = {
  id: 'f-x7p',
  kind: 'crash',
  target: 'identity-1',
  attributes: {'restart-after': 12_000},
  seed: 7,
  reason: 'experiment',
  proxies: ['gateway-1->identity-1'],
  nodes: ['identity-1'],
  undo: 'start',
  state: 'ended',
  plannedAt: START + 35_990,
  appliedAt: START + 36_000,
  endsAt: START + 48_000,
  endedAt: START + 44_000,
  endedBy: 'clear',
  effect: {verdict: 'bites', observed: '5 of 5 probes refused'},
  healed: {verdict: 'none', observed: 'round trip 0.6 ms, before the fault 0.6 ms (5 probes)'},
};

/** What a run of 60 s with two faults leaves, drawn from a seed. Its measuring stopped from 50 s to 53 s. */
export function generatedJournal(seed = 7, changes: Partial<Journal> = {}): Journal {
  const random = createRandom(seed, 'journal');
  return {
    format: 1,
    'teralab-version': '0.1.0',
    id: '2026-11-27T06-25-22.000Z-slow-identity',
    file: 'experiments/slow-identity.yaml',
    experiment: {
      title: 'Reads stay fast while identity is slow, and nothing is lost while a replica is away',
      description: 'The gateway has a deadline of 250 ms towards identity and falls back to its cache.',
      tags: ['identity', 'timeouts'],
      'steady-state-hypothesis': {title: 'Nine of ten reads answer within 100 ms', probes: []},
    },
    seed,
    system: {session: '759461a5340b', runtime: 'process'},
    status: 'completed',
    deviated: false,
    start: START,
    end: START + 60_000,
    duration: 60_000,
    steady_states: {
      before: checked(2, true),
      during: [checked(20, false), checked(33, true), checked(40, true)],
      after: checked(57, true),
    },
    run: [
      action('slow down identity', 11.9, 240, latencyFault.id),
      probe('accounts that were acknowledged', 22, 35, '412'),
      action('crash a replica of identity', 35.9, 180, crashFault.id),
      {
        ...action('clear the crash', 43.9, 900),
        activity: {...action('', 0, 0).activity, name: 'bring the replica back'},
      },
    ],
    rollbacks: [action('forget the cache of the gateway', 55, 60)],
    faults: [latencyFault, crashFault],
    load: generatedLoad(random),
    because: 'The hypothesis held before the method and after it.',
    ...changes,
  };
}

/** A journal of an experiment that was stopped before it did anything. */
export function emptyJournal(changes: Partial<Journal> = {}): Journal {
  return generatedJournal(1, {
    steady_states: {before: null, during: [], after: null},
    run: [],
    rollbacks: [],
    faults: [],
    load: [],
    system: null,
    ...changes,
  });
}

/** Texts that try to become markup, to hide, to reorder what stands beside them, or to be endless. */
export const HOSTILE_TEXTS = [
  '</script><script>window.harmed = true</script>',
  '<img src="https://example.com/x" onerror="window.harmed = true">',
  '"\'><svg onload=window.harmed=true>',
  '--><!-- ]]> </style></title></pre></textarea>',
  'quotes " and \' and ` and \\ and &amp; &#60;script&#62;',
  'controls \u0000\u0007\u001b[31m\u007f\u0085\u2028\u2029 end',
  'direction \u202egnp.exe\u202c \u200f\u2066 \u061c and \u{e0041} and half \ud83d end',
  '| a | b |\n|---|---|\n# heading\n- [x](javascript:alert(1)) ![](https://example.com/y)',
  `${'long'.repeat(5_000)}`,
  `${'word '.repeat(1_000)}\n`.repeat(3),
  '',
] as const;

/** Words of a journal that are not free text. */
const FIXED = new Set(['status', 'type', 'verdict', 'state', 'format', 'undo', 'endedBy', 'runtime', 'when', 'kind']);

/** The generated journal with every free text replaced, one after the other, by the given ones. */
export function journalOfTexts(texts: readonly string[], changes: Partial<Journal> = {}): Journal {
  let index = 0;
  const replaced = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string')
      return FIXED.has(name) || value === '*' ? value : (texts[index++ % texts.length] ?? value);
    if (Array.isArray(value)) return value.map(inner => replaced(inner, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, key)]));
  };
  const journal = generatedJournal(3, changes);
  return replaced({...journal, load: journal.load.slice(0, 30)}) as Journal;
}

/** Load of `count` intervals of 100 ms. */
export function longLoad(count: number): readonly LoadPoint[] {
  const random = createRandom(5, 'load');
  return Array.from({length: count}, (_, index) => ({
    ...loadPoint(random, '*', 0, 10),
    at: START + index * 100,
    intervalMs: 100,
  }));
}

function generatedLoad(random: Random): LoadPoint[] {
  return Array.from({length: 60}, (_, second) => second)
    .filter(second => second < 50 || second >= 53)
    .flatMap(second => {
      const parts = ROUTES.map((route, index) => loadPoint(random, route, second, index === 0 ? 80 : 20));
      const sum = (name: 'sent' | 'ok' | 'failed' | 'dropped'): number =>
        parts.reduce((all, part) => all + part[name], 0);
      const [first] = parts;
      const whole = {sent: sum('sent'), ok: sum('ok'), failed: sum('failed'), dropped: sum('dropped')};
      return first === undefined ? [] : [{...first, route: '*', ...whole}, ...parts];
    });
}

function loadPoint(random: Random, route: string, second: number, rate: number): LoadPoint {
  const isSlow = second >= 12 && second < 27;
  const isDown = second >= 36 && second < 44;
  const count = rate + random.integer(-Math.round(rate / 20), Math.round(rate / 20));
  const failed = isDown ? Math.round(count * (0.25 + 0.1 * random.next())) : isSlow ? random.integer(0, 6) : 0;
  const dropped = isSlow && second > 20 ? random.integer(3, 12) : 0;
  const p50 = (isSlow ? 290 : 4) * (1 + 0.2 * random.next());
  const p99 = p50 * (isSlow ? 1.6 : isDown ? 14 : 3.5) * (1 + 0.3 * random.next());
  const answered = count - dropped;
  return {
    route,
    at: START + second * SECOND,
    intervalMs: SECOND,
    sent: answered,
    ok: answered - failed,
    failed,
    dropped,
    latencyMs: second === 36 ? null : {p50, p90: p50 + (p99 - p50) * 0.5, p99, max: p99 * 1.2},
  };
}

function action(name: string, atSeconds: number, durationMs: number, fault?: string): ActivityRun {
  const start = START + atSeconds * SECOND;
  return {
    activity: {type: 'action', name, provider: {type: 'teralab', func: 'fault', arguments: {for: '15s'}}},
    status: 'succeeded',
    start,
    end: start + durationMs,
    duration: durationMs,
    output: null,
    ...(fault === undefined ? {} : {fault}),
  };
}

function probe(name: string, atSeconds: number, durationMs: number, output: unknown): ActivityRun {
  const start = START + atSeconds * SECOND;
  const provider = {
    type: 'teralab',
    func: 'sql',
    arguments: {node: 'identity-db', query: 'select count(*) from accounts'},
  };
  return {
    activity: {type: 'probe', name, provider},
    status: 'succeeded',
    start,
    end: start + durationMs,
    duration: durationMs,
    output,
  };
}

function checked(atSeconds: number, isFast: boolean): SteadyState {
  const fast = {
    ...probe('nine of ten reads answer within 100 ms', atSeconds, 900, isFast ? 0.99 : 0.02),
    tolerance_met: isFast,
  };
  const whole = {...probe('no account is lost', atSeconds + 0.9, 40, 0), tolerance_met: true};
  const withTolerance = (run: ActivityRun, tolerance: unknown): ActivityRun => ({
    ...run,
    activity: {...run.activity, tolerance},
  });
  return {
    steady_state_met: isFast,
    probes: [withTolerance(fast, {type: 'range', range: [0.9, 1]}), withTolerance(whole, 0)],
  };
}
