import type {SignedIn} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Cast} from './cast.ts';
import {TERMS} from './oracle.ts';

/** When what happens in the attack, ms after it began. */
export const SCHEDULE = {
  silentFrom: 1_500,
  slowFrom: 0,
  slowFor: 3_200,
  pauseFrom: 3_000,
  pauseFor: 6_500,
  farFrom: 1_400,
  holdFrom: 1_700,
  holdBy: 4_000,
  holdTo: 10_200,
  nearlyLateFrom: 3_200,
  nearlyLateTo: 7_500,
  caughtUpFrom: 7_500,
  reportsTo: 9_200,
  crashFrom: 11_300,
  crashFor: 700,
  looksTo: 12_300,
} as const;

const TALKS_PER_SECOND = 4;
const NEARLY_LATE_PER_SECOND = 3;
const LOOKS_PER_SECOND = 3;
/** How much disorder is drawn at most: all that is allowed, less what a request takes. */
const DISORDER_MS = TERMS.disorderMs - 400;
const PROBES = 72;
const PROBES_EACH = 6;
/** Ages of what the silent one reports at last, ms: so close to each other that some are late for everybody but itself, however long all took. */
const SILENT_AGES = Array.from({length: 36}, (_, index) => 33_000 + index * 800);

/** Everybody in order. */
export function calmTraffic(tools: LabTools, cast: Cast, forMs: number): readonly Operation[] {
  const now = Date.now();
  const all = [...cast.talkers, cast.silent, cast.laggard];
  return together(
    ...all.map((who, index) =>
      talk(tools, who, {
        name: `calm-${index}`,
        starts: starts(TALKS_PER_SECOND, 0, forMs),
        timeOf: atMs => now + atMs - (who === cast.laggard ? cast.lagMs : 0),
      }),
    ),
    looks(0, forMs),
  );
}

/** Two draws of disorder, one after the other, while consumers stall; one partition is far behind, and one falls silent. */
export function attackTraffic(tools: LabTools, {talkers, silent, laggard, lagMs}: Cast): readonly Operation[] {
  const now = Date.now();
  const {random} = tools;
  const disorder = (): number => random.integer(0, DISORDER_MS);
  const behind = (atMs: number): number => (atMs < SCHEDULE.caughtUpFrom ? lagMs : 0);
  return together(
    ...talkers.map((who, index) =>
      talk(tools, who, {
        name: `talk-${index}`,
        starts: starts(TALKS_PER_SECOND, index * 40, SCHEDULE.reportsTo),
        timeOf: atMs => now + atMs - disorder(),
      }),
    ),
    talk(tools, silent, {
      name: 'silent',
      starts: starts(TALKS_PER_SECOND, 0, SCHEDULE.silentFrom),
      timeOf: atMs => now + atMs - disorder(),
    }),
    talk(tools, laggard, {
      name: 'laggard',
      starts: starts(TALKS_PER_SECOND, 0, SCHEDULE.reportsTo),
      timeOf: atMs => now + atMs - behind(atMs) - disorder(),
    }),
    // As late as an event of the laggard may be and is still counted; far too late for everybody else's.
    talk(tools, laggard, {
      name: 'nearly-late',
      starts: starts(NEARLY_LATE_PER_SECOND, SCHEDULE.nearlyLateFrom, SCHEDULE.nearlyLateTo),
      timeOf: atMs => now + atMs - lagMs - TERMS.disorderMs - TERMS.latenessMs + random.integer(1_500, 4_000),
    }),
    looks(0, SCHEDULE.looksTo),
  );
}

/** When everything was read: events from long ago, most of them too late; then all once more, the silent one among them. */
export function afterwards(tools: LabTools, {talkers, silent, laggard}: Cast): readonly Operation[] {
  const now = Date.now();
  const {random} = tools;
  const disorder = (): number => random.integer(0, DISORDER_MS);
  const all = [...talkers, silent, laggard];
  const probes = operationsAt(
    'long-ago',
    Array.from({length: PROBES / PROBES_EACH}, (_, index) => index * 40),
    index =>
      reported(
        tools,
        all[index % all.length] ?? silent,
        Array.from({length: PROBES_EACH}, () => now - random.integer(22_000, 80_000)),
      ),
  );
  const ofTheSilent = operationsAt(
    'broke-silence',
    Array.from({length: SILENT_AGES.length / PROBES_EACH}, (_, index) => index * 40 + 20),
    index => {
      const ages = SILENT_AGES.filter((_, position) => Math.floor(position / PROBES_EACH) === index);
      return reported(
        tools,
        silent,
        ages.map(age => now - age - random.integer(0, 400)),
      );
    },
  );
  return together(
    probes,
    ofTheSilent,
    ...all.map((who, index) =>
      talk(tools, who, {
        name: `again-${index}`,
        starts: starts(TALKS_PER_SECOND, 700, 2_200),
        timeOf: atMs => now + atMs - disorder(),
      }),
    ),
    looks(0, 2_600),
  );
}

interface Talk {
  readonly name: string;
  readonly starts: readonly number[];
  /** When the event happened that is reported at `atMs`, unix ms. */
  readonly timeOf: (atMs: number) => number;
}

function talk(tools: LabTools, who: SignedIn, {name, starts: all, timeOf}: Talk): readonly Operation[] {
  return operationsAt(name, all, index => {
    const atMs = all[index] ?? 0;
    return reported(
      tools,
      who,
      Array.from({length: tools.random.integer(1, 3)}, () => timeOf(atMs)),
    );
  });
}

/** A client that reports what happened at these times, and tries until it is told that it was taken. */
function reported(tools: LabTools, {token}: SignedIn, times: readonly number[]) {
  const events = times.map(time => ({id: tools.random.hex(12), kind: 'tap', at: new Date(time).toISOString()}));
  return {
    request: {
      method: 'POST',
      path: '/v1/activity',
      headers: {'content-type': 'application/json', authorization: `Bearer ${token}`},
      body: JSON.stringify({events}),
    },
    patienceMs: 12_000,
    retry: {sendsMax: 8, backoffMs: 150, timeoutMs: 1_500},
    facts: {events: events.length},
  } as const;
}

/** Somebody who looks at the windows. */
function looks(fromMs: number, toMs: number): readonly Operation[] {
  return operationsAt('look', starts(LOOKS_PER_SECOND, fromMs, toMs), () => ({
    request: {method: 'GET', path: '/v1/windows?size=10s&limit=20'},
    patienceMs: 2_000,
  }));
}

function starts(perSecond: number, fromMs: number, toMs: number): readonly number[] {
  return constantArrivals({ratePerSecond: perSecond, durationMs: toMs - fromMs}).map(ms => fromMs + ms);
}
