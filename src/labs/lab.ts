import type {Broker} from '../../services/kit/broker.ts';
import type {Row} from '../../services/kit/database.ts';
import type {KeyValue} from '../../services/kit/key-value.ts';
import type {RequestLogEntry, ToxicAttributes} from '../fabric/fabric.ts';
import type {FaultKind, FaultRecord} from '../faults/fault.ts';
import type {LatencySummary, LedgerEntry, Operation} from '../load/load.ts';
import type {Random} from '../random.ts';
import type {Topology} from '../topology/topology.ts';
import type {Answer, Measured, PredictionMoment, Question} from './predict/question.ts';
import type {NodeEvent} from './system.ts';
import type {Judgement} from './verdict.ts';

/** What a lab's set-up, load and final reads may use. */
export interface LabTools {
  readonly random: Random;
  /** The parameters that the question of this run states: the same for all who draw with the same function. Labs with `predict` only. */
  drawn<T>(draw: (random: Random) => T): T;
  /** Base URLs of the gateways. */
  readonly gateways: readonly string[];
  /** A request of the lab's own through the first gateway, outside the load. Retries until the system answers or 10 s passed. */
  http(
    method: string,
    path: string,
    options?: {readonly headers?: Record<string, string>; readonly body?: unknown},
  ): Promise<{readonly status: number; readonly body: unknown}>;
  sql<R extends Row = Row>(node: string, text: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
  broker(): Promise<Broker>;
  /** A space of keys and values on the broker, past the links. */
  space(name: string): Promise<KeyValue>;
  /** Starts a node that the lab has kept for later. Settles when its process is there. */
  startNode(name: string): Promise<void>;
  /**
   * Restarts a node as another release of its service (`RELEASE`), as a rolling deployment does: SIGTERM, then the same modules again. Settles
   * when it is ready. Errors: NODE_NOT_READY.
   */
  releaseNode(name: string, release: string): Promise<void>;
  /** The shape of the system that this run has. */
  readonly topology: Topology;
}

/** A fault on the lab's timetable. Times are ms after the load began. */
export interface TimedFault {
  readonly kind: FaultKind;
  readonly target: string;
  readonly attributes?: ToxicAttributes;
  readonly atMs: number;
  readonly forMs: number;
}

/**
 * Kills a node exactly at a named point, again and again: each time a target node has been ready for `sinceReadyMs`, the point is armed
 * (skipping a drawn number of passes below `skipMax`), until `times` hits or the end of the load.
 */
export interface CrashPointSeries {
  readonly kind: 'crash-points';
  readonly service: string;
  readonly points: readonly string[];
  readonly times: number;
  readonly fromMs: number;
  readonly sinceReadyMs: number;
  readonly skipMax: number;
}

/** Something on the timetable that is no fault: a producer publishes what nobody can read, an operator sets a group back. */
export interface TimedAct {
  readonly kind: 'act';
  /** What is done, for those who watch: `three records that nobody can read are published`. */
  readonly name: string;
  readonly atMs: number;
  /**
   * With the `tools` and the set-up of the callback that makes it. Done once; the attack's end waits for it. `cut` aborts when nobody needs the
   * rest: the run was decided or interrupted. What takes long may then end early.
   */
  act(cut: AbortSignal): Promise<void>;
}

export interface LoadSpec {
  readonly operations: readonly Operation[];
  /** Stop once this many were acknowledged; under attack not before every fault has had its whole window and every series its hits. */
  readonly stopAfterOk?: number;
  /** Fewer acknowledged operations than this make the run inconclusive: silence never passes. */
  readonly okMin?: number;
}

/** Everything that a run left behind. Judges are pure functions of it. */
export interface Evidence<Setup, Final> {
  readonly seed: number;
  readonly setup: Setup;
  /** The ledger by phase. */
  readonly baseline: readonly LedgerEntry[];
  readonly attack: readonly LedgerEntry[];
  readonly replay: readonly LedgerEntry[];
  readonly faults: readonly FaultRecord[];
  /** HTTP requests on all links since the load with faults began. */
  readonly requests: readonly RequestLogEntry[];
  readonly baselineRequests: readonly RequestLogEntry[];
  readonly events: readonly NodeEvent[];
  /** Unix ms. */
  readonly times: {
    readonly baselineFrom: number;
    readonly attackFrom: number;
    readonly attackTo: number;
    readonly healedAt: number;
    readonly recoveredAt: number | null;
    readonly endedAt: number;
  };
  /** The control stream's latency per phase: how busy the machine was. */
  readonly control: {readonly baseline: LatencySummary; readonly attack: LatencySummary; readonly busy: boolean};
  readonly final: Final;
}

/** When a fail with a code is final. */
export type Settling = 'at-once' | 'once-lost' | 'after-attack';

export interface LabTask<Setup, Final> {
  readonly id: string;
  readonly title: string;
  /** `timing` tasks are inconclusive (BUSY_MACHINE) on a busy machine when they would fail; `counting` ones always judge. */
  readonly judges: 'timing' | 'counting';
  /** Every code that it can fail with; each has hints. */
  readonly codes: readonly string[];
  /**
   * Codes whose fail no later evidence undoes, so that `labs verify` need not wait for it. Leave a code out when in doubt.
   *
   * - `at-once`: as soon as the judge says so with what there is (a row too many, a wrong answer accepted, what the baseline shows).
   * - `once-lost`: as soon as it says so although every operation of the attack that is still to come counts as answered well (`ok`, status
   *   200, 1 ms, sent to nobody (`''`), no body): a share or a percentile that cannot be made good any more. Not for judges that want a body.
   * - `after-attack`: once the attack has ended, whatever recovery and replay bring.
   *
   * A judge that reads `final` needs the lab's `glance` for the first two. `labs verify` looks on during the solution's run too, and a code
   * that comes and goes there is a fault of the lab.
   */
  readonly settled?: Readonly<Record<string, Settling>>;
  judge(evidence: Evidence<Setup, Final>): Judgement;
}

export interface WrongFix {
  /** Folder under `wrong/`. */
  readonly name: string;
  /** What refuses it. */
  readonly task: string;
  readonly code: string;
  /** In a sentence: why people ship it. */
  readonly why: string;
}

/**
 * A question that the learner answers before the run that tells. Its parameters (how many calls, how slow a hop, which changes) are drawn
 * for each run, and a run is given them by the same function:
 *
 *     const parameters = (random: Random) => ({calls: random.pick([10, 25, 50]), hopMs: random.pick([10, 20, 40])});
 *
 *     predict: {
 *       judges: 'timing',
 *       ask: random => {
 *         const {calls, hopMs} = parameters(random);
 *         return {kind: 'interval', unit: 'ms', widthMax: calls * hopMs, text: `${calls} calls, ${hopMs} ms a hop: the p95 of the page?`};
 *       },
 *       answer: random => {…}, // worked out from the parameters, never measured
 *       measure: ({attack}) => p95(attack),
 *     },
 *     load: tools => { const {calls} = tools.drawn(parameters); … },
 *     judge: evidence => { const {hopMs} = drawn(evidence.seed, parameters); … }, // from src/labs/predict/draw.ts
 *
 * It is asked twice. Before `break`: the answer is sealed, and scored by the attack on the learner's code as it is; a wrong one blocks
 * nothing. And once everything else of a check passes: a question with other parameters, whose run (a second check, with its seed) has to
 * pass again and show the answer right, the first time; after a wrong one the next check asks another. `labs verify` has nobody to ask:
 * the lab's own `answer` is sealed before the run, to the question of `break` for `start/`, of `check` for `solution/`, and has to be right.
 */
export interface LabPrediction<Setup, Final> {
  /** As of a task: a wrong answer on a busy machine counts for nothing when what was asked is a matter of time. */
  readonly judges: 'timing' | 'counting';
  /** Pure. Draw the parameters first, and only then whatever else. The text names each of them: it is how questions are told apart. */
  ask(random: Random, moment: PredictionMoment): Question;
  /** The lab's own answer; the stream is the one that `ask` gets, from its beginning. */
  answer(random: Random, moment: PredictionMoment): Answer;
  /** What the run measured, in the question's terms; undefined where it cannot tell. `moment` says which question was asked. */
  measure(evidence: Evidence<Setup, Final>, moment: PredictionMoment): Measured | undefined;
}

/**
 * An extra task: the learner writes tests of the lab's one seam, in a file of their own. They have to pass on `solution/` and on what is
 * in `right/`, and to fail on `start/` and on every wrong fix. The verdict of the lab does not depend on it.
 *
 * They see the seam through the lab's `bench.ts` ({@link OpenBench} of `src/labs/your-tests/bench.ts`), and no code. `start/` has a file
 * without tests, `solution/` the lab's own; `tests/NAME/` has tests that are not good enough.
 */
export interface YourTests {
  /** The learner's file: `tests.ts`. */
  readonly file: string;
  /** Node whose Postgres the bench may use, in schemas of its own: `stream-db`. Default: none. */
  readonly node?: string;
  /** Other forms of the reference, in `right/NAME/`: who tests what only the reference does fails on them. */
  readonly right?: readonly {readonly name: string; readonly why: string}[];
  /** Wrong fixes that no test of the seam alone can see, and why. */
  readonly unseen?: Readonly<Record<string, string>>;
  /** Tests that are not good enough, in `tests/NAME/`, and what refuses them. */
  readonly wrong: readonly {readonly name: string; readonly code: string; readonly why: string}[];
}

export interface LabDefinition<Setup = unknown, Final = unknown> {
  /** `p2-04-no-lost-events`; the folder's name. */
  readonly id: string;
  readonly title: string;
  /** 1 to 3; 0 for the very first one, which belongs to all. */
  readonly phase: 0 | 1 | 2 | 3;
  readonly weeks: readonly number[];
  readonly objective: string;
  readonly concepts: readonly string[];
  readonly minutes: number;
  readonly needs: readonly string[];
  /** The shape of the system: a topology, or the file of the learner's that declares its boundaries. Default: as it was started. */
  readonly topology?: Topology | {readonly boundaries: string};
  readonly replicas?: Readonly<Record<string, number>>;
  /** Nodes that are not there until an act starts them, such as `identity-4`. */
  readonly later?: readonly string[];
  /** Service -> seam -> the file that the learner edits, relative to the workspace's lab folder: `publisher.ts`. */
  readonly seams: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Seams that the lab itself replaces, so that the service shows what the lab is about; files in the lab's `given/`. Not the learner's to edit. */
  readonly given?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The one number to watch, as the brief names it. */
  readonly watch: string;
  /** How production times were shrunk, where they were: `times / 4, rates x 4`. */
  readonly timescale?: string;
  /** A question about what will happen, where the table of the curriculum says "predict". */
  readonly predict?: LabPrediction<Setup, Final>;
  /** Whether the learner's own tests are asked for, and against what they run. */
  readonly yourTests?: YourTests;
  /** Accounts, tokens and ids, fresh per run. */
  setUp?(tools: LabTools): Promise<Setup>;
  /** A healthy system under a lighter load; judged before anything is broken. */
  readonly baseline: {
    load(tools: LabTools, setup: Setup): LoadSpec;
    /** Share of operations that must be ok, 0..1. */
    readonly okShareMin: number;
  };
  load(tools: LabTools, setup: Setup): LoadSpec;
  faults(tools: LabTools, setup: Setup): readonly (TimedFault | CrashPointSeries | TimedAct)[];
  readonly recovery: {
    readonly withinMs: number;
    /** Asked every 200 ms after healing, once all nodes are ready; default: at once. */
    recovered?(tools: LabTools, setup: Setup): Promise<boolean>;
  };
  /** A second round of load after recovery, where the lab asks for it. */
  replay?(tools: LabTools, setup: Setup): LoadSpec;
  /** As `final`, in the midst of the attack: reads alone, nothing that the system would notice. For codes that are settled at once. */
  glance?(tools: LabTools, setup: Setup): Promise<Final>;
  /** Final reads: rows, positions, counts. */
  final(tools: LabTools, setup: Setup): Promise<Final>;
  /** What `break` shows of an attack, in two or three lines with figures; also the demo's words. */
  summary(evidence: Evidence<Setup, Final>): readonly string[];
  readonly tasks: readonly LabTask<Setup, Final>[];
  readonly wrong: readonly WrongFix[];
}

/** A lab whose types of set-up and final reads nobody outside it needs to know. */
export type AnyLab = LabDefinition<unknown, unknown>;

/** Checks nothing at run time (`labs verify` does); gives a lab's file its types. */
export function defineLab<Setup, Final>(lab: LabDefinition<Setup, Final>): LabDefinition<Setup, Final> {
  return lab;
}
