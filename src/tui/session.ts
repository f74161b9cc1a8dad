import type {AskedPrediction, BreakResult, CheckEvent, ProgressEvent, StatusReport} from '../controller/protocol.ts';
import type {FaultRecord, FaultRequest} from '../faults/fault.ts';
import type {PredictionMoment} from '../labs/predict/question.ts';
import type {CheckResult} from '../labs/verdict.ts';

/** `planned`: on the path, but not in this installation yet. */
export type LabStatus = 'open' | 'blocked' | 'started' | 'failed' | 'passed' | 'skipped' | 'planned';

export interface PathLab {
  readonly id: string;
  readonly title: string;
  readonly phase: number;
  readonly minutes: number;
  readonly status: LabStatus;
  /** Labs that are meant to be passed before this one and are not yet. */
  readonly waitsFor: readonly string[];
}

/** What the left pane shows: labs by the weeks in which they are met, and how far each phase is. */
export interface LearningPath {
  readonly phases: readonly {
    readonly phase: number;
    readonly title: string;
    readonly passed: number;
    readonly total: number;
  }[];
  readonly blocks: readonly {readonly weeks: string; readonly title: string; readonly labs: readonly PathLab[]}[];
  /** The lab to go on with. */
  readonly next: string | null;
}

export interface LabText {
  readonly id: string;
  readonly title: string;
  /** Markdown. */
  readonly brief: string;
  readonly objective: string;
  readonly minutes: number;
  readonly watch: string;
  readonly tasks: readonly {readonly id: string; readonly title: string}[];
  /** The lab asks for a prediction. */
  readonly predicts: boolean;
  /** Absolute paths of the files that the learner edits. */
  readonly files: readonly string[];
  /** The last check that was recorded, if there was one. */
  readonly last: CheckResult | null;
}

/** A text to read: a hint, the reference, a debrief. Markdown. */
export interface Reading {
  readonly title: string;
  readonly text: string;
}

export type WatchEvent = {readonly status: StatusReport};

/** Everything that the screen needs from the rest of teralab. Errors are `LabError`s. */
export interface ScreenSession {
  /** Needs no running system, like all texts. */
  path(): Promise<LearningPath>;
  /** Copies the start files into the workspace where they are missing. */
  lab(id: string): Promise<LabText>;
  /** The next hint for what the last check found. */
  hint(lab: string): Promise<Reading>;
  /** The reference; NOT_PASSED_YET before a pass, unless `reveal` asks for it all the same. */
  solution(lab: string, reveal: boolean): Promise<Reading>;
  debrief(lab: string): Promise<Reading>;
  /** Fresh start files; returns a sentence that says where the old ones are. */
  reset(lab: string): Promise<string>;
  /** Tells when one of the learner's files was saved with new content. Returns what ends it. */
  onSaved(files: readonly string[], listener: (file: string) => void): () => void;

  /** Finds the running system or starts one; settles when it is healthy. */
  bringUp(onProgress: (event: ProgressEvent) => void): Promise<StatusReport>;
  /** The status about once a second, until the signal aborts; rejects CONTROLLER_LOST when the system is gone. */
  watch(listener: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
  check(lab: string, onEvent: (event: CheckEvent) => void, signal: AbortSignal): Promise<CheckResult>;
  break(lab: string, onEvent: (event: CheckEvent) => void, signal: AbortSignal): Promise<BreakResult>;
  /** The question that is due, sealed or not; null where there is none. */
  askPrediction(lab: string, moment: PredictionMoment): Promise<AskedPrediction | null>;
  /** Seals an answer as it is typed; BAD_PREDICTION where it does not fit. */
  sealPrediction(lab: string, asked: AskedPrediction, answer: string): Promise<AskedPrediction>;
  inject(request: FaultRequest): Promise<FaultRecord>;
  /** Without an id: all of them. */
  clear(id?: string): Promise<readonly FaultRecord[]>;
  /** The last lines of a node's log, again whenever it grows, until the signal aborts. */
  logs(node: string, onLines: (lines: readonly string[]) => void, signal: AbortSignal): Promise<void>;
  /** Lets go of the system and leaves it running. */
  close(): void;
}
