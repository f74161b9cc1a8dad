import type {FaultRecord} from '../fault.ts';

/** `failed`: an activity failed or the hypothesis did not hold before the method. `aborted`: asked to stop. `interrupted`: its runner was killed. */
export type JournalStatus = 'running' | 'completed' | 'failed' | 'aborted' | 'interrupted';

/** One action or probe as it was run; the names are Chaos Toolkit's. Times are unix ms, durations ms. */
export interface ActivityRun {
  readonly activity: {
    readonly type: 'action' | 'probe';
    readonly name: string;
    readonly provider: Readonly<Record<string, unknown>>;
    readonly tolerance?: unknown;
    readonly background?: boolean;
  };
  readonly status: 'succeeded' | 'failed' | 'aborted';
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly output: unknown;
  /** Of probes with a tolerance. */
  readonly tolerance_met?: boolean;
  /** One sentence: what went wrong. */
  readonly exception?: string;
  /** The fault that the action injected. */
  readonly fault?: string;
}

/** The hypothesis as it was verified once. */
export interface SteadyState {
  readonly steady_state_met: boolean;
  readonly probes: readonly ActivityRun[];
}

/** What the load saw of one route (`*`: of all) in one interval. */
export interface LoadPoint {
  readonly route: string;
  /** Begin of the interval, unix ms, and its length, ms. Operations are counted in the interval of their intended start. */
  readonly at: number;
  readonly intervalMs: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  /** Of the answered ones, from the intended start, ms; null when none was. */
  readonly latencyMs: {readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number} | null;
}

/** The record of one run of an experiment: Chaos Toolkit's journal, and what was measured. */
export interface Journal {
  readonly format: 1;
  readonly 'teralab-version': string;
  readonly id: string;
  /** Where the experiment was read, and what it says. */
  readonly file: string;
  readonly experiment: Readonly<Record<string, unknown>> & {readonly title: string};
  readonly seed: number;
  /** The system that it ran on; null: none was needed. */
  readonly system: {readonly session: string; readonly runtime: string} | null;
  readonly status: JournalStatus;
  /** The hypothesis held before, and not afterwards. */
  readonly deviated: boolean;
  readonly start: number;
  readonly end: number | null;
  readonly duration: number | null;
  readonly steady_states: {
    readonly before: SteadyState | null;
    readonly during: readonly SteadyState[];
    readonly after: SteadyState | null;
  };
  readonly run: readonly ActivityRun[];
  readonly rollbacks: readonly ActivityRun[];
  /** Every fault with its window, its measured effect and how its healing was measured. */
  readonly faults: readonly FaultRecord[];
  /** Empty when there was no load. */
  readonly load: readonly LoadPoint[];
  /** Why it came to its status, in one sentence; null while it runs. */
  readonly because: string | null;
}
