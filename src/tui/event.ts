import type {AskedPrediction, BreakResult, CheckEvent, ProgressEvent, StatusReport} from '../controller/protocol.ts';
import type {ErrorData} from '../errors.ts';
import type {CheckResult} from '../labs/verdict.ts';
import type {ViewAction} from './action.ts';
import type {LabText, LearningPath, Reading} from './session.ts';
import type {Notice, ScreenState} from './state.ts';

/** Everything that can change the screen. */
export type ScreenEvent =
  | {readonly type: 'view'; readonly action: ViewAction}
  | {readonly type: 'tick'; readonly now: number}
  | {readonly type: 'resize'; readonly size: ScreenState['size']}
  | {readonly type: 'path'; readonly path: LearningPath}
  | {readonly type: 'lab'; readonly text: LabText}
  | {readonly type: 'reading'; readonly reading: Reading}
  | {readonly type: 'logs'; readonly node: string; readonly lines: readonly string[]}
  | {readonly type: 'system-starting'; readonly now: number}
  | {readonly type: 'system-progress'; readonly event: ProgressEvent}
  | {readonly type: 'system'; readonly status: StatusReport}
  | {readonly type: 'system-failed'; readonly error: ErrorData}
  | {readonly type: 'run-started'; readonly kind: 'check' | 'break'; readonly lab: string; readonly now: number}
  | {readonly type: 'run-event'; readonly event: CheckEvent; readonly now: number}
  | {readonly type: 'run-stopping'}
  | {readonly type: 'run-stopped'}
  | {readonly type: 'run-failed'; readonly error: ErrorData}
  | {readonly type: 'checked'; readonly result: CheckResult; readonly now: number}
  | {readonly type: 'broken'; readonly result: BreakResult; readonly now: number}
  | {readonly type: 'asked'; readonly asked: AskedPrediction}
  | {readonly type: 'refused'; readonly why: string}
  | {readonly type: 'saved'; readonly now: number}
  | {readonly type: 'notice'; readonly notice: Notice | null};
