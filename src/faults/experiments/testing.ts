import type {FaultRecord, FaultRequest} from '../fault.ts';
import {checkExperiment} from './check-experiment.ts';
import type {Experiment} from './experiment.ts';
import type {Journal} from './journal.ts';
import {foldEvent, type JournalEvent, type JournalState} from './journal-events.ts';
import type {Clock, RunnerPorts, SystemPort} from './ports.ts';
import {type RunResult, runExperiment} from './run-experiment.ts';

/** Time that passes only when everybody waits for it: a run of minutes takes milliseconds. */
export function virtualClock(startAt = 1_000_000): Clock {
  let now = startAt;
  let timers: {at: number; wake: () => void}[] = [];
  let isPumping = false;
  const pump = (): void => {
    // Two turns of the loop let everything that can go on without time do so first.
    setImmediate(() =>
      setImmediate(() => {
        timers.sort((a, b) => a.at - b.at);
        const next = timers.shift();
        if (next !== undefined) {
          now = Math.max(now, next.at);
          next.wake();
        }
        isPumping = timers.length > 0;
        if (isPumping) pump();
      }),
    );
  };
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      if (ms <= 0 || signal?.aborted === true) return;
      await new Promise<void>(resolve => {
        const onAbort = (): void => {
          timers = timers.filter(other => other !== timer);
          resolve();
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const timer = {at: now + ms, wake};
        timers.push(timer);
        signal?.addEventListener('abort', onAbort, {once: true});
        if (isPumping) return;
        isPumping = true;
        pump();
      });
    },
  };
}

export interface FakeSystem extends SystemPort {
  /** What was asked of it, in order: `inject latency 7`, `clear f-1`, `load mixed`, `probe status`. */
  readonly calls: string[];
  readonly records: Map<string, FaultRecord>;
}

export interface FakeAnswers {
  /** Output of the n-th probe (from 0); thrown errors fail it. */
  readonly probe?: (times: number) => unknown;
  readonly inject?: (request: FaultRequest) => Partial<FaultRecord>;
}

/** Records what it is asked, and keeps faults until their time is over. */
export function fakeSystem(clock: Clock, answers: FakeAnswers = {}): FakeSystem {
  const calls: string[] = [];
  const records = new Map<string, FaultRecord>();
  let probes = 0;
  const standing = (record: FaultRecord): FaultRecord =>
    record.state === 'active' && record.endsAt !== null && record.endsAt <= clock.now()
      ? {...record, state: 'ended', endedBy: 'time', endedAt: record.endsAt}
      : record;
  return {
    session: 'fake',
    runtime: 'process',
    calls,
    records,
    inject: async request => {
      calls.push(`inject ${request.kind} on ${request.target}`);
      const {kind, target, attributes, seed, reason, forMs = 0} = request;
      const id = `f-${records.size + 1}`;
      const record: FaultRecord = {
        id,
        kind,
        target,
        attributes,
        seed,
        reason,
        proxies: [],
        nodes: [],
        undo: 'none',
        state: 'active',
        plannedAt: clock.now(),
        appliedAt: clock.now(),
        endsAt: clock.now() + forMs,
        effect: {verdict: 'bites', observed: 'measured'},
        ...answers.inject?.(request),
      };
      records.set(id, record);
      return record;
    },
    dryRun: async () => Promise.reject(new Error('nobody asks')),
    clear: async ids => {
      const cleared = ids.map(id => standing(records.get(id) as FaultRecord));
      for (const record of cleared.filter(({state}) => state === 'active')) {
        calls.push(`clear ${record.kind}`);
        records.set(record.id, {...record, state: 'ended', endedBy: 'clear', endedAt: clock.now()});
      }
      return ids.map(id => records.get(id) as FaultRecord);
    },
    faults: async ids => [...records.values()].filter(({id}) => ids.includes(id)).map(standing),
    prepareLoad: async ({profile}) => {
      calls.push(`prepare ${profile}`);
      return {
        start: async () => {
          calls.push(`load ${profile}`);
          return {ledgerFile: profile, done: Promise.resolve()};
        },
      };
    },
    probe: async ({kind}) => {
      calls.push(`probe ${kind}`);
      return answers.probe?.(probes++) ?? 'ready';
    },
  };
}

export interface FakeRun {
  readonly result: RunResult;
  readonly events: readonly JournalEvent[];
  readonly system: FakeSystem;
  /** What programs were run, with the time (ms after the begin). */
  readonly programs: readonly string[];
}

export interface FakeRunOptions extends FakeAnswers {
  readonly seed?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Status of a program; thrown errors fail it. */
  readonly program?: (path: string) => number;
  /** Called with every event; throws where the journal cannot be written. */
  readonly writes?: () => void;
  /** Aborts the run so many ms after its begin. */
  readonly abortAfterMs?: number;
}

export function readExperiment(text: string, environment: Readonly<Record<string, string>> = {}): Experiment {
  const {experiment, mistakes} = checkExperiment(text, {environment, canRun: () => true});
  if (experiment === undefined) throw new Error(mistakes.map(({line, message}) => `${line}: ${message}`).join('\n'));
  return experiment;
}

/** Runs an experiment on fakes, in virtual time. */
export async function fakeRun(text: string, options: FakeRunOptions = {}): Promise<FakeRun> {
  const clock = virtualClock();
  const startedAt = clock.now();
  const system = fakeSystem(clock, options);
  const events: JournalEvent[] = [];
  const programs: string[] = [];
  const abort = new AbortController();
  if (options.abortAfterMs !== undefined) void clock.sleep(options.abortAfterMs).then(() => abort.abort());
  const ports: RunnerPorts = {
    clock,
    system,
    http: async () => ({status: 200, headers: {}, body: ''}),
    process: async ({path, arguments: given}) => {
      programs.push(`${path} at ${clock.now() - startedAt}`);
      return {status: options.program?.(path) ?? 0, stdout: JSON.stringify(given), stderr: ''};
    },
    ledger: async () => [],
    write: async event => {
      options.writes?.();
      // As the file would have it.
      events.push(JSON.parse(JSON.stringify(event)) as JournalEvent);
    },
    progress: () => undefined,
  };
  const experiment = readExperiment(text, options.environment);
  const request = {id: 'run', file: 'x.yaml', version: '0', experiment, seed: options.seed ?? 7};
  return {result: await runExperiment(request, ports, abort.signal), events, system, programs};
}

export function journalOf(events: readonly JournalEvent[]): Journal | undefined {
  let state: JournalState | undefined;
  for (const event of events) state = foldEvent(state, event);
  return state?.journal;
}
