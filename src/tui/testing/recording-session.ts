import type {AskedPrediction, BreakResult, CheckEvent, ProgressEvent, StatusReport} from '../../controller/protocol.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import {parseAnswer} from '../../labs/predict/answer.ts';
import type {CheckResult} from '../../labs/verdict.ts';
import type {LabText, LearningPath, Reading, ScreenSession, WatchEvent} from '../session.ts';
import {sampleFault, samplePath, sampleText} from './samples.ts';

export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

export interface RunUnderWay<Result> extends Deferred<Result> {
  readonly lab: string;
  readonly signal: AbortSignal;
  tell(event: CheckEvent): void;
}

/** A session that records what the screen asks of it and answers when a test says so. */
export interface RecordingSession extends ScreenSession {
  readonly calls: readonly string[];
  readonly ups: readonly (Deferred<StatusReport> & {say(event: ProgressEvent): void})[];
  readonly checks: readonly RunUnderWay<CheckResult>[];
  readonly breaks: readonly RunUnderWay<BreakResult>[];
  /** Tells the screen of a new status. */
  status(status: StatusReport): void;
  /** Ends the following of the status as a lost system does. */
  lose(error: unknown): void;
  save(): void;
  write(lines: readonly string[]): void;
  readonly answers: {
    path: LearningPath;
    text: (lab: string) => LabText;
    reading: () => Promise<Reading>;
    injected: FaultRecord;
    /** The question that is due; null: none is. */
    asked: AskedPrediction | null;
  };
}

export function createRecordingSession(): RecordingSession {
  const calls: string[] = [];
  const ups: (Deferred<StatusReport> & {say(event: ProgressEvent): void})[] = [];
  const checks: RunUnderWay<CheckResult>[] = [];
  const breaks: RunUnderWay<BreakResult>[] = [];
  const watching = new Set<(event: WatchEvent) => void>();
  const saving = new Set<(nothing: undefined) => void>();
  const reading = new Set<(lines: readonly string[]) => void>();
  const watched = deferred<void>();
  const answers: RecordingSession['answers'] = {
    path: samplePath,
    text: sampleText,
    reading: async () => ({title: 'Hint 1 of 3', text: 'What does the **client** see when the reply is lost?'}),
    injected: sampleFault,
    asked: null,
  };
  const record = (call: string): void => void calls.push(call);
  const run = <Result>(
    list: RunUnderWay<Result>[],
    lab: string,
    tell: (event: CheckEvent) => void,
    signal: AbortSignal,
  ): Promise<Result> => {
    const under = {...deferred<Result>(), lab, tell, signal};
    signal.addEventListener('abort', () => under.reject(new Error('aborted')));
    list.push(under);
    return under.promise;
  };
  const told = async (call: string): Promise<Reading> => {
    record(call);
    return answers.reading();
  };
  return {
    calls,
    ups,
    checks,
    breaks,
    answers,
    status: status => tell(watching, {status}),
    lose: error => watched.reject(error),
    save: () => tell(saving, undefined),
    write: lines => tell(reading, lines),
    path: async () => answers.path,
    lab: async id => {
      record(`lab ${id}`);
      return answers.text(id);
    },
    hint: async lab => told(`hint ${lab}`),
    solution: async (lab, reveal) => told(`solution ${lab}${reveal ? ' revealed' : ''}`),
    debrief: async lab => told(`debrief ${lab}`),
    reset: async lab => {
      record(`reset ${lab}`);
      return 'Fresh files; yours are in labs/.kept/1.';
    },
    onSaved: (files, listener) => {
      const saved = () => listener(files[0] ?? '');
      saving.add(saved);
      return () => saving.delete(saved);
    },
    bringUp: async say => {
      record('up');
      const up = {...deferred<StatusReport>(), say};
      ups.push(up);
      return up.promise;
    },
    watch: async (listener, signal) => {
      watching.add(listener);
      signal.addEventListener('abort', () => watched.resolve());
      await watched.promise;
    },
    check: async (lab, tell, signal) => {
      record(`check ${lab}`);
      return run(checks, lab, tell, signal);
    },
    break: async (lab, tell, signal) => {
      record(`break ${lab}`);
      return run(breaks, lab, tell, signal);
    },
    askPrediction: async (lab, moment) => {
      record(`ask ${lab} ${moment}`);
      return answers.asked;
    },
    sealPrediction: async (lab, asked, answer) => {
      record(`seal ${lab} ${asked.moment} ${answer}`);
      const sealed = parseAnswer(asked.question, answer);
      answers.asked = null;
      return {...asked, sealed};
    },
    inject: async ({kind, target}) => {
      record(`inject ${kind} ${target}`);
      return answers.injected;
    },
    clear: async id => {
      record(`clear ${id ?? 'all'}`);
      return [answers.injected];
    },
    logs: async (node, onLines, signal) => {
      record(`logs ${node}`);
      reading.add(onLines);
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
      reading.delete(onLines);
    },
    close: () => record('close'),
  };
}

function tell<News>(listeners: ReadonlySet<(news: News) => void>, news: News): void {
  for (const listener of listeners) listener(news);
}

function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((settle, refuse) => {
    resolve = settle;
    reject = refuse;
  });
  // Whoever waits for it hears of the rejection; nobody may be waiting yet.
  promise.catch(() => undefined);
  return {promise, resolve, reject};
}
