import {appendFile, writeFile} from 'node:fs/promises';
import type {ToxicState} from '../fabric/fabric.ts';
import type {FaultRecord} from '../faults/fault.ts';
import type {LedgerEntry, LoadDriver, LoadSummary, Operation} from '../load/load.ts';
import {defaultTopology} from '../topology/default.ts';
import type {Bypass, LabSystem, NodeEvent} from './system.ts';

/** How the fake answers one operation. */
export type Respond = (
  operation: Operation,
  phase: string,
) => {readonly outcome: LedgerEntry['outcome']; readonly status: number | null};

export interface FakeSystem extends LabSystem {
  /** What was asked of it, in order: `reset`, `load baseline`, `inject isolate broker`, … */
  readonly calls: string[];
}

export interface FakeBehaviour {
  readonly respond?: Respond;
  /** 99th percentile of the control stream by phase, ms (default 1). */
  readonly controlP99?: (phase: string) => number;
  readonly seamErrors?: readonly NodeEvent[];
  readonly events?: readonly NodeEvent[];
  readonly requests?: Awaited<ReturnType<LabSystem['fabric']['requests']>>;
  /** Ends every fault this long after it began, as somebody with `chaos clear` would, ms. */
  readonly clearedAfterMs?: number;
  readonly seriesHits?: number;
  readonly ready?: () => Promise<void>;
  readonly bypasses?: readonly Bypass[];
  /** Faults that somebody else has injected. */
  readonly foreignFaults?: readonly FaultRecord[];
  /** A lab before has left it in another shape. */
  readonly isReshaped?: boolean;
}

/** A small system in memory for tests: it keeps the times of loads and faults, and records what is asked of it. */
export function fakeSystem(behaviour: FakeBehaviour = {}): FakeSystem {
  const calls: string[] = [];
  const records: FaultRecord[] = [];
  const update = (id: string, change: Partial<FaultRecord>): FaultRecord => {
    const index = records.findIndex(record => record.id === id);
    const changed = {...(records[index] as FaultRecord), ...change};
    records[index] = changed;
    return changed;
  };
  const settle = (): void => {
    for (const {id, state, endsAt, appliedAt = 0} of [...records]) {
      const cleared = appliedAt + (behaviour.clearedAfterMs ?? Number.POSITIVE_INFINITY);
      const end = Math.min(endsAt ?? Number.POSITIVE_INFINITY, cleared);
      if (state === 'active' && Date.now() >= end)
        update(id, {state: 'ended', endedAt: end, endedBy: end === cleared ? 'clear' : 'time'});
    }
  };
  const load = fakeDriver(calls, behaviour);
  return {
    calls,
    runtime: 'process',
    load,
    fabric: {
      open: async specs => specs.map(({name}) => ({name, address: {host: '127.0.0.1', port: 1}})),
      close: async () => {},
      setNodeUp: async () => {},
      change: async () => {},
      toxics: async () => {
        settle();
        return records.filter(({state}) => state === 'active').map(asToxic);
      },
      counters: async () => [],
      connections: async () => [],
      requests: async since => (behaviour.requests ?? []).filter(({at}) => at >= since || at === 0),
      probe: async proxy => ({proxy, answered: 0, failed: 0, medianMs: null, failures: {}}),
      stop: async () => {},
    },
    gatewayUrls: () => ['http://127.0.0.1:1'],
    publicUrls: () => ['http://127.0.0.1:1'],
    topology: defaultTopology,
    hasShape: () => behaviour.isReshaped !== true,
    nodesOf: service => [`${service}-1`],
    async reset({seams, later = []}) {
      calls.push(...later.map(node => `without ${node}`));
      calls.push(`reset ${seams.map(({service, seam}) => `${service}/${seam}`).join(' ')}`);
      return behaviour.seamErrors ?? [];
    },
    sql: async () => [],
    databaseUrl: node => `postgres://nobody@127.0.0.1:1/${node}`,
    broker: () => Promise.reject(new Error('the fake has no broker')),
    space: () => Promise.reject(new Error('the fake has no broker')),
    startNode: async name => void calls.push(`start ${name}`),
    releaseNode: async (name, release) => void calls.push(`release ${name} ${release}`),
    async inject(request) {
      calls.push(`inject ${request.kind} ${request.target}`);
      const now = Date.now();
      const record: FaultRecord = {
        id: `fault-${records.length + 1}`,
        kind: request.kind,
        target: request.target,
        attributes: request.attributes,
        seed: request.seed,
        reason: request.reason,
        proxies: [],
        nodes: [],
        undo: 'remove-toxic',
        toxic: 'blackhole',
        state: 'active',
        plannedAt: now,
        appliedAt: now,
        endsAt: request.forMs === undefined ? null : now + request.forMs,
        effect: {verdict: 'bites', observed: 'round trip 0.5 ms -> no answer (3 probes)'},
      };
      records.push(record);
      return record;
    },
    async runCrashSeries(series, {signal}) {
      calls.push(`series ${series.points.join('+')} x${series.times}`);
      const count = behaviour.seriesHits ?? series.times;
      if (count < series.times)
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), {once: true}));
      return {
        hits: Array.from({length: count}, () => ({
          node: `${series.service}-1`,
          point: series.points[0] ?? '',
          at: Date.now(),
        })),
      };
    },
    clear: async id => update(id, {state: 'ended', endedAt: Date.now(), endedBy: 'clear'}),
    async clearAll() {
      calls.push('clearAll');
      for (const {id, state} of [...records])
        if (state === 'active') update(id, {state: 'ended', endedAt: Date.now(), endedBy: 'heal'});
    },
    faults: () => {
      settle();
      return [...records, ...(behaviour.foreignFaults ?? [])];
    },
    bypasses: () => behaviour.bypasses ?? [],
    events: since => (behaviour.events ?? []).filter(({at}) => at >= since || at === 0),
    logTail: async () => ['{"level":30,"msg":"ready"}', '{"level":50,"msg":"boom"}'],
    ready: behaviour.ready ?? (async () => {}),
  };
}

function asToxic({id, seed, attributes, appliedAt}: FaultRecord): ToxicState {
  return {
    id,
    kind: 'blackhole',
    proxies: [],
    stream: 'both',
    toxicity: 1,
    seed,
    attributes,
    appliedAt: appliedAt ?? 0,
    touched: {connections: 1, actions: 1},
  };
}

/** Starts operations at their times, and answers each at once. */
function fakeDriver(calls: string[], {respond, controlP99}: FakeBehaviour): LoadDriver {
  const stops = new Set<() => void>();
  return {
    async start(plan, {ledgerFile, phase}) {
      calls.push(plan.name === 'control' ? `control ${phase}` : `load ${phase}`);
      await writeFile(ledgerFile, '');
      const startedAt = Date.now();
      const counts = {sent: 0, ok: 0};
      let running = true;
      const stop = (): void => {
        running = false;
      };
      stops.add(stop);
      const summary = (): LoadSummary => {
        const p99 = plan.name === 'control' ? (controlP99?.(phase) ?? 1) : 1;
        const latency = {p50: 1, p90: 1, p99, p999: p99, max: p99};
        const {sent, ok} = counts;
        return {
          rate: 0,
          durationMs: 0,
          sent,
          ok,
          failed: sent - ok,
          dropped: 0,
          latencyMs: latency,
          uncorrectedMs: latency,
        };
      };
      const play = async (): Promise<LoadSummary> => {
        for (const operation of plan.operations) {
          while (running && Date.now() < startedAt + operation.atMs)
            await new Promise(resolve => setTimeout(resolve, 2));
          if (!running) break;
          counts.sent += 1;
          const answer = plan.name === 'control' ? OK : (respond?.(operation, phase) ?? OK);
          if (answer.outcome === 'ok') counts.ok += 1;
          await appendFile(ledgerFile, `${JSON.stringify(entryOf(operation, phase, startedAt, answer))}\n`);
          if (counts.ok >= (plan.stopAfterOk ?? Number.POSITIVE_INFINITY)) break;
        }
        stops.delete(stop);
        return summary();
      };
      return {id: plan.name, done: play(), summary: async () => summary(), stop: async () => stop()};
    },
    echo: async () => ({host: '127.0.0.1', port: 2}),
    async stopAll() {
      for (const stop of stops) stop();
    },
  };
}

const OK = {outcome: 'ok', status: 200} as const;

function entryOf(
  operation: Operation,
  phase: string,
  startedAt: number,
  {outcome, status}: ReturnType<Respond>,
): LedgerEntry {
  const {id, name, atMs, request, patienceMs, facts} = operation;
  const at = startedAt + atMs;
  return {
    id,
    name,
    phase,
    intendedAt: at,
    outcome,
    status,
    latencyMs: 1,
    uncorrectedMs: 1,
    sends: outcome === 'dropped' ? [] : [{at, durationMs: 1, to: 'http://127.0.0.1:1', status}],
    operation: {request, patienceMs, ...(facts === undefined ? {} : {facts})},
  };
}
