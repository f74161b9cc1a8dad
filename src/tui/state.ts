import type {CheckEvent, Phase, StatusReport} from '../controller/protocol.ts';
import type {ErrorData} from '../errors.ts';
import type {CheckResult, TaskVerdict} from '../labs/verdict.ts';
import type {Action} from './action.ts';
import type {PredictPage} from './predict-page.ts';
import type {LabText, LearningPath, Reading} from './session.ts';

export const PANES = ['path', 'main', 'system', 'checklist'] as const;
export type Pane = (typeof PANES)[number];

/** What the middle shows. Lists have a cursor, texts scroll. */
export type Page =
  | {readonly kind: 'brief' | 'trail' | 'result' | 'keys'}
  | {readonly kind: 'task'; readonly index: number}
  | {readonly kind: 'reading'; readonly reading: Reading}
  | {readonly kind: 'logs'; readonly node: string; readonly lines: readonly string[]}
  | {readonly kind: 'faults'; readonly cursor: number}
  | {readonly kind: 'targets'; readonly fault: number; readonly cursor: number}
  | {readonly kind: 'nodes'; readonly cursor: number}
  | PredictPage;

/** A check or a break that is under way, or the last one. */
export interface Run {
  readonly kind: 'check' | 'break';
  readonly lab: string;
  readonly startedAt: number;
  readonly phase: Phase | null;
  readonly text: string;
  readonly phaseStartedAt: number;
  readonly expectedMs: number | undefined;
  readonly live: Extract<CheckEvent, {type: 'live'}> | null;
  /** What was said on the way, oldest first. */
  readonly trail: readonly TrailLine[];
  readonly tasks: readonly TaskVerdict[];
  readonly state: 'running' | 'stopping' | 'done' | 'stopped' | 'failed';
}

export interface TrailLine {
  readonly at: number;
  readonly kind: 'phase' | 'note' | 'fault' | 'summary';
  readonly text: string;
}

export interface SystemState {
  readonly state: 'starting' | 'up' | 'failed';
  readonly startedAt: number;
  /** What bringing it up said so far. */
  readonly progress: readonly string[];
  readonly share: number | undefined;
  readonly status: StatusReport | null;
  readonly error: ErrorData | null;
}

export interface Ask {
  readonly question: string;
  readonly choices: readonly {readonly key: string; readonly label: string; readonly action: Action}[];
}

export type Notice =
  | {readonly kind: 'info' | 'good'; readonly text: string}
  | {readonly kind: 'error'; readonly error: ErrorData};

export interface ScreenState {
  readonly size: {readonly columns: number; readonly rows: number};
  /** Unix ms; moves on once a second. */
  readonly now: number;
  readonly workspace: string;
  readonly focus: Pane;
  /** The pane that a narrow screen shows. */
  readonly shown: Exclude<Pane, 'checklist'>;
  /** One pane over the whole width, also where there is room for three. */
  readonly zoom: boolean;
  readonly path: LearningPath | null;
  readonly pathCursor: number;
  /** What the labs are filtered by; null while nobody looks for anything. */
  readonly find: string | null;
  readonly finding: boolean;
  /** The lab that is open. */
  readonly lab: string | null;
  readonly text: LabText | null;
  readonly page: Page;
  readonly scroll: {readonly main: number; readonly system: number};
  readonly task: number;
  readonly system: SystemState;
  readonly run: Run | null;
  /** Verdicts by lab: recorded ones, and those of this hour. */
  readonly results: Readonly<Record<string, CheckResult>>;
  readonly ask: Ask | null;
  readonly notice: Notice | null;
  /** When the learner's file was last saved with new content, if that was after the last check began. */
  readonly savedAt: number | null;
  /** One line for each check that ended: they stay in the terminal's history, above the screen. */
  readonly finished: readonly string[];
}

export function initialState(options: {
  readonly workspace: string;
  readonly now: number;
  readonly size: ScreenState['size'];
  readonly lab?: string | undefined;
}): ScreenState {
  return {
    size: options.size,
    now: options.now,
    workspace: options.workspace,
    focus: options.lab === undefined ? 'path' : 'main',
    shown: options.lab === undefined ? 'path' : 'main',
    zoom: false,
    path: null,
    pathCursor: 0,
    find: null,
    finding: false,
    lab: options.lab ?? null,
    text: null,
    page: {kind: 'brief'},
    scroll: {main: 0, system: 0},
    task: -1,
    system: {state: 'starting', startedAt: options.now, progress: [], share: undefined, status: null, error: null},
    run: null,
    results: {},
    ask: null,
    notice: null,
    savedAt: null,
    finished: [],
  };
}
