import type {ToxicAttributes} from '../../fabric/fabric.ts';
import type {FaultKind} from '../fault.ts';

/** An experiment that was read and found right; `${name}` of the configuration is filled in, that of secrets is not. */
export interface Experiment {
  readonly title: string;
  /** As it stands in the file, without its secrets. */
  readonly document: Readonly<Record<string, unknown>> & {readonly title: string};
  readonly seed: number | undefined;
  /** What its author expects of a run; held by whoever verifies experiments. */
  readonly expected: Expected | undefined;
  /** By name; from the environment or from the file. Never in a journal. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly hypothesis: Hypothesis | undefined;
  readonly method: readonly Activity[];
  readonly rollbacks: readonly Activity[];
  readonly hypothesisStrategy: HypothesisStrategy;
  /** How often it is verified while the method runs, ms; where the strategy asks for that. */
  readonly hypothesisEveryMs: number;
  readonly rollbackStrategy: RollbackStrategy;
  /** What was accepted and has no effect, a sentence each. */
  readonly notes: readonly string[];
}

export const EXPECTED = ['completed', 'deviated'] as const;
export type Expected = (typeof EXPECTED)[number];

export const HYPOTHESIS_STRATEGIES = [
  'default',
  'before-method-only',
  'after-method-only',
  'during-method-only',
  'continuously',
  'skip',
] as const;
export type HypothesisStrategy = (typeof HYPOTHESIS_STRATEGIES)[number];

/** `default`: whenever something was done. `always`: also when nothing was. `deviated`: only after a deviation. */
export const ROLLBACK_STRATEGIES = ['default', 'always', 'never', 'deviated'] as const;
export type RollbackStrategy = (typeof ROLLBACK_STRATEGIES)[number];

export interface Hypothesis {
  readonly title: string;
  readonly probes: readonly Activity[];
}

export interface Activity {
  readonly type: 'action' | 'probe';
  readonly name: string;
  readonly provider: Provider;
  readonly background: boolean;
  readonly pauses: {readonly beforeMs: number; readonly afterMs: number};
  /** When it begins, ms after the method did; undefined: when the one before it is over. */
  readonly atMs: number | undefined;
  readonly tolerance: Tolerance | undefined;
  /** As they stand in the file: what a journal shows. */
  readonly source: {readonly provider: Readonly<Record<string, unknown>>; readonly tolerance: unknown};
}

export type Provider = HttpProvider | ProcessProvider | LabProvider;

export interface HttpProvider {
  readonly type: 'http';
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly arguments: unknown;
  readonly expectedStatus: readonly number[] | undefined;
  readonly timeoutMs: number | undefined;
  readonly verifyTls: boolean;
}

export interface ProcessProvider {
  readonly type: 'process';
  readonly path: string;
  /** A text is a command line for the shell; a mapping stands for its names and values in order. */
  readonly arguments: string | readonly unknown[] | Readonly<Record<string, unknown>>;
  readonly timeoutMs: number | undefined;
}

/** What the running system can be asked for. */
export type LabProvider =
  | {
      readonly type: 'teralab';
      readonly does: 'fault';
      readonly kind: FaultKind;
      readonly target: string;
      readonly attributes: ToxicAttributes;
      readonly forMs: number;
    }
  /** `undefined`: all that the run has injected; else the name of the activity that did. */
  | {readonly type: 'teralab'; readonly does: 'clear'; readonly what: string | undefined}
  | {
      readonly type: 'teralab';
      readonly does: 'load';
      readonly profile: string;
      readonly ratePerSecond: number;
      readonly forMs: number;
      /** How often a client sends again after a lost answer, a timeout or a 5xx. */
      readonly retries: number;
      /** Before it sends again, ms. */
      readonly backoffMs: number;
      /** How long each send is waited for, ms; undefined: as long as the client has patience. */
      readonly timeoutMs: number | undefined;
      /** How long a client waits in all, ms; undefined: as the profile has it. */
      readonly patienceMs: number | undefined;
    }
  | {
      readonly type: 'teralab';
      readonly does: 'probe';
      readonly probe: LabProbe;
      /** It is asked again until its tolerance holds or this has passed, ms; 0: once. */
      readonly withinMs: number;
    };

/** A part of the run that a probe looks at: since the method began, or the last so many ms. */
export type Window = {readonly lastMs: number | undefined};

export const SPAN_MEASURES = ['errors', 'p50', 'p99', 'count'] as const;
export const REQUEST_MEASURES = ['errors', 'p50', 'p99', 'count', 'rate'] as const;
export const LINK_METRICS = [
  'p50',
  'p99',
  'errors',
  'rate',
  'connections-open',
  'connections-total',
  'connections-failed',
  'bytes-upstream',
  'bytes-downstream',
] as const;
export const NODE_METRICS = ['restarts', 'memory', 'state'] as const;
export const SLO_BOUNDS = ['availability', 'p50', 'p90', 'p99', 'max'] as const;

export type LabProbe =
  | {readonly kind: 'sql'; readonly node: string; readonly query: string}
  | {
      readonly kind: 'requests';
      readonly link: string;
      readonly route: string | undefined;
      readonly method: string | undefined;
      readonly measure: (typeof REQUEST_MEASURES)[number];
      readonly window: Window;
    }
  | {
      readonly kind: 'trace';
      readonly service: string | undefined;
      readonly span: string | undefined;
      readonly link: string | undefined;
      readonly measure: (typeof SPAN_MEASURES)[number];
      readonly window: Window;
    }
  | {readonly kind: 'metric'; readonly link: string; readonly metric: (typeof LINK_METRICS)[number]}
  | {readonly kind: 'metric'; readonly node: string; readonly metric: (typeof NODE_METRICS)[number]}
  | {readonly kind: 'log'; readonly node: string; readonly pattern: string; readonly window: Window}
  | {readonly kind: 'status'}
  | {
      readonly kind: 'slo';
      /** Undefined: all operations. */
      readonly route: string | undefined;
      readonly window: Window;
      /** At least this availability (0..1), at most these latencies, ms. */
      readonly bounds: Readonly<Partial<Record<(typeof SLO_BOUNDS)[number], number>>>;
    };

export type Tolerance =
  | {readonly kind: 'equals'; readonly value: string | number | boolean}
  /** Two: from one to the other; more: one of them. With a status in the output: one of them. */
  | {readonly kind: 'list'; readonly values: readonly unknown[]}
  | {readonly kind: 'regex'; readonly pattern: string; readonly target: string | undefined}
  | {
      readonly kind: 'jsonpath';
      readonly path: string;
      readonly target: string | undefined;
      readonly count: number | undefined;
      /** Absent: there is a match at all. */
      readonly expect?: unknown;
    }
  | {readonly kind: 'range'; readonly range: readonly [number, number]; readonly target: string | undefined}
  | {readonly kind: 'probe'; readonly name: string; readonly provider: HttpProvider | ProcessProvider};

/** Whether an experiment wants a system of teralab's, or only HTTP and programs. */
export function needsSystem({hypothesis, method, rollbacks}: Experiment): boolean {
  const all = [...(hypothesis?.probes ?? []), ...method, ...rollbacks];
  return all.some(({provider}) => provider.type === 'teralab');
}
