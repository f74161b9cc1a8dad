import type {CreateWindows, TimedEvent} from '../../services/stream/seams/window.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {LedgerEntry, Operation} from '../../src/load/load.ts';
import {createRandom, type Random} from '../../src/random.ts';
import type {Cast} from './cast.ts';
import type {Made, Seen} from './evidence.ts';
import {type LoggedEvent, TERMS} from './oracle.ts';
import {afterwards, attackTraffic, calmTraffic, SCHEDULE} from './traffic.ts';

/** A run of the lab without its system: the lab's own traffic, read as slowly and in such an order as its faults have it. */
export function simulate(createWindows: CreateWindows, seed: number, setClock: (ms: number) => void): Seen {
  const random = createRandom(seed, 'simulation');
  const cast = castOf(random);
  const phases = trafficOf(random, cast, setClock);
  const log = publish(random, phases, cast);
  const {made, looks} = read(createWindows, random, log, phases);
  const again = replay(createWindows, log, phases.endsAt + 60_000);
  return {
    seed,
    attack: looks.filter(({phase}) => phase === 'attack'),
    replay: looks.filter(({phase}) => phase === 'replay'),
    times: {recoveredAt: phases.recoveredAt},
    control: {busy: false},
    final: {log, made, rebuild: {state: 'done', reason: null, events: log.length}, again},
  } as unknown as Seen;
}

const BEGAN = Date.UTC(2026, 0, 1);
const PARTITIONS = [0, 1, 2, 3, 4, 5, 6, 7];

function castOf(random: Random): Cast & {readonly partitions: ReadonlyMap<string, number>} {
  const names = ['talker-0', 'talker-1', 'talker-2', 'laggard', 'silent'];
  const places = random.shuffle(PARTITIONS);
  const signedIn = (name: string) => ({account: name, token: name});
  return {
    talkers: names.slice(0, 3).map(signedIn),
    laggard: signedIn('laggard'),
    laggardPartition: places[names.indexOf('laggard')] ?? 0,
    silent: signedIn('silent'),
    lagMs: random.integer(18_000, 21_000),
    partitions: new Map(names.map((name, index) => [name, places[index] ?? 0])),
  };
}

interface Phases {
  readonly operations: readonly {readonly operation: Operation; readonly at: number}[];
  readonly attackFrom: number;
  readonly recoveredAt: number;
  readonly endsAt: number;
}

function trafficOf(random: Random, cast: Cast, setClock: (ms: number) => void): Phases {
  const tools = (use: string): LabTools => ({random: random.stream(use)}) as LabTools;
  const at = (from: number, operations: readonly Operation[]) =>
    operations.map(operation => ({operation, at: from + operation.atMs}));
  const calmFrom = BEGAN + 500;
  setClock(calmFrom);
  const calm = at(calmFrom, calmTraffic(tools('calm'), cast, 2_000));
  const attackFrom = calmFrom + 2_300;
  setClock(attackFrom);
  const attack = at(attackFrom, attackTraffic(tools('attack'), cast));
  const recoveredAt = attackFrom + SCHEDULE.looksTo + 700;
  setClock(recoveredAt + 100);
  const after = at(recoveredAt + 100, afterwards(tools('after'), cast));
  return {operations: [...calm, ...attack, ...after], attackFrom, recoveredAt, endsAt: recoveredAt + 5_000};
}

/** Events as a broker gets them: most after some milliseconds, some after a try or two. */
function publish(
  random: Random,
  {operations, attackFrom}: Phases,
  {partitions, lagMs}: ReturnType<typeof castOf>,
): readonly LoggedEvent[] {
  const first = {id: 'first', partition: partitions.get('laggard') ?? 0, at: BEGAN - lagMs, publishedAt: BEGAN};
  const rest = operations.flatMap(({operation, at}) => {
    const body = JSON.parse(operation.request.body ?? 'null') as {events: {id: string; at: string}[]} | null;
    const who = (operation.request.headers?.authorization ?? '').replace('Bearer ', '');
    const isPaused = at >= attackFrom + SCHEDULE.pauseFrom && at < attackFrom + SCHEDULE.pauseFrom + SCHEDULE.pauseFor;
    const tries = isPaused ? random.pick([0, 0, 1, 1, 2]) : 0;
    // Once it goes on, everybody is answered.
    const publishedAt =
      random.integer(3, 12) +
      (tries === 0 ? at : Math.min(at + tries * 1_350, attackFrom + SCHEDULE.pauseFrom + SCHEDULE.pauseFor + 300));
    return (body?.events ?? []).map(event => ({
      id: event.id,
      partition: partitions.get(who) ?? 0,
      at: Date.parse(event.at),
      publishedAt,
    }));
  });
  return [first, ...rest]
    .toSorted((one, other) => one.publishedAt - other.publishedAt)
    .map((event, index) => ({...event, position: index + 1}));
}

/** When a partition is read next: at once, but for the time in which nobody reads, or one replica has it in hand and is paused. */
function readableAt(at: number, isHeld: boolean, attackFrom: number): number {
  const from = attackFrom + SCHEDULE.pauseFrom;
  const to = isHeld ? from + SCHEDULE.pauseFor + 500 : from + 5_000;
  return at >= from && at < to ? to : at;
}

function read(
  createWindows: CreateWindows,
  random: Random,
  log: readonly LoggedEvent[],
  {operations, attackFrom, recoveredAt, endsAt}: Phases,
): {readonly made: Made; readonly looks: readonly LedgerEntry[]} {
  let replicas = [createWindows(TERMS), createWindows(TERMS)];
  let state: unknown;
  let isCrashed = false;
  const seconds: Record<string, number> = {};
  const late: string[] = [];
  const looks: LedgerEntry[] = [];
  const queues = new Map(PARTITIONS.map(n => [n, log.filter(({partition}) => partition === n)]));
  const laggard = log[0]?.partition;
  // Somebody has the laggard's in hand until the pause is over, and the paused replica some of the others.
  const held = new Set(PARTITIONS.filter(n => n === laggard || random.next() < 0.5));
  const asked = operations.filter(({operation}) => operation.name === 'look');
  let nextRest = BEGAN + 300;
  let nextLook = 0;

  const replica = () => replicas[random.integer(0, 1)] ?? createWindows(TERMS);
  const keep = (next: unknown): void => {
    state = JSON.parse(JSON.stringify(next));
  };
  for (let now = BEGAN; now <= endsAt; now += 10) {
    if (!isCrashed && now >= attackFrom + SCHEDULE.crashFrom) {
      isCrashed = true;
      replicas = [createWindows(TERMS), createWindows(TERMS)];
    }
    for (const n of random.shuffle(PARTITIONS)) {
      if (readableAt(now, held.has(n), attackFrom) > now) continue;
      const batch = (queues.get(n) ?? []).filter(({publishedAt}) => publishedAt + 10 <= now);
      if (batch.length === 0) continue;
      queues.set(n, (queues.get(n) ?? []).slice(batch.length));
      const windows = replica();
      state ??= windows.begin(PARTITIONS);
      for (const event of batch) {
        const placed = windows.add(state, timed(event, now));
        state = placed.state;
        count(placed.countAt, event.id, {seconds, late});
      }
      keep(state);
    }
    if (now >= nextRest) {
      nextRest += 1_000;
      // Whoever counts holds the row, and a replica that is paused in the middle of it holds it for 5 s.
      const isLocked = readableAt(now, false, attackFrom) > now;
      const drained = PARTITIONS.filter(n => !(queues.get(n) ?? []).some(({publishedAt}) => publishedAt <= now));
      if (state !== undefined && !isLocked) keep(replica().rest(state, {drained, now}));
    }
    for (let look = asked[nextLook]; look !== undefined && look.at <= now; look = asked[nextLook]) {
      nextLook += 1;
      const clock = state === undefined ? null : replica().clock(state);
      looks.push(lookAt(look.at, look.at < recoveredAt ? 'attack' : 'replay', {clock, seconds}));
    }
  }
  return {made: {seconds, late}, looks};
}

function replay(createWindows: CreateWindows, log: readonly LoggedEvent[], now: number): Made {
  const windows = createWindows(TERMS);
  let state = windows.begin(PARTITIONS);
  const made = {seconds: {} as Record<string, number>, late: [] as string[]};
  for (const event of log) {
    const placed = windows.add(windows.rest(state, {drained: PARTITIONS, now: event.publishedAt}), timed(event, now));
    state = JSON.parse(JSON.stringify(placed.state));
    count(placed.countAt, event.id, made);
  }
  return made;
}

function timed({partition, at, publishedAt}: LoggedEvent, arrivedAt: number): TimedEvent {
  return {partition, at, publishedAt, arrivedAt};
}

function count(countAt: number | null, id: string, made: {seconds: Record<string, number>; late: string[]}): void {
  if (countAt === null) made.late.push(id);
  else {
    const second = String(Math.floor(countAt / 1_000) * 1_000);
    made.seconds[second] = (made.seconds[second] ?? 0) + 1;
  }
}

/** `GET /v1/windows?size=10s`, as the ledger has it. */
function lookAt(
  at: number,
  phase: string,
  {clock, seconds}: {readonly clock: number | null; readonly seconds: Readonly<Record<string, number>>},
): LedgerEntry {
  const windows = new Map<number, number>();
  for (const [second, events] of Object.entries(seconds)) {
    const start = Math.floor(Number(second) / 10_000) * 10_000;
    windows.set(start, (windows.get(start) ?? 0) + events);
  }
  const body = {
    clock: clock === null ? null : new Date(clock).toISOString(),
    windows: [...windows].map(([start, events]) => ({
      start: new Date(start).toISOString(),
      end: new Date(start + 10_000).toISOString(),
      count: events,
      state: clock !== null && clock >= start + 10_000 + TERMS.latenessMs ? 'final' : 'open',
    })),
  };
  const send = {at, durationMs: 2, to: '', status: 200, body: JSON.stringify(body)};
  return {id: `look-${at}`, name: 'look', phase, outcome: 'ok', sends: [send]} as unknown as LedgerEntry;
}
