import {LabError} from '../../errors.ts';
import {interrupted} from '../run/context.ts';
import type {Answered, Asked, BenchOrder, InRun, TestsOrder, TestsSaid} from './bench.ts';
import {type Child, confinedTo, startChild} from './child.ts';

/** Built files that the processes of a run start from. */
export interface YourTestsEntries {
  readonly tests: string;
  readonly bench: string;
}

/** What became of the tests against one variant. `broke-off`: their process ended, or did not end, by itself. */
export type RunSaid = TestsSaid | {readonly said: 'broke-off'; readonly message: string};

/** Runs of tests, one after the other. */
export interface Lane {
  /** @throws BROKEN_LAB when the bench ends by itself; INTERRUPTED. */
  run(tests: TestsOrder, bench: BenchOrder): Promise<RunSaid>;
  close(): void;
}

export interface LaneOptions {
  readonly entries: YourTestsEntries;
  /** What one run takes at most, ms. */
  readonly runMsMax: number;
  readonly signal: AbortSignal;
}

/** A bench that was left in the midst of a test has this long to close, ms; then its process is ended. */
const CLOSE_MS_MAX = 1_000;

/**
 * Opens a lane: for each run a fresh process of the tests, which is confined to their own module and reaches the variant only over this
 * process, and one of the bench, which goes on from run to run as long as each ends well.
 */
export function openLane({entries, runMsMax, signal}: LaneOptions): Lane {
  let subject: Child | undefined;
  let run = 0;
  const endSubject = (): void => {
    subject?.kill();
    subject = undefined;
  };
  return {
    run: async (tests, bench) => {
      const tester = startChild(entries.tests, await confinedTo(entries.tests, tests.file));
      subject ??= startChild(entries.bench);
      const said = await runBetween(tester, subject, {tests, bench, run: ++run, runMsMax, signal}).catch(error => {
        endSubject();
        throw error;
      });
      const isWell = said.said === 'passed' || (said.said === 'failed' && (await hasClosed(subject, run)));
      if (!isWell) endSubject();
      return said;
    },
    close: endSubject,
  };
}

interface Run extends Pick<LaneOptions, 'runMsMax' | 'signal'> {
  readonly tests: TestsOrder;
  readonly bench: BenchOrder;
  readonly run: number;
}

async function runBetween(tester: Child, subject: Child, {tests, bench, run, runMsMax, signal}: Run): Promise<RunSaid> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  const onAnswer = (answer: InRun<Answered>): void => {
    if (answer.run === run) tester.tell(answer);
  };
  subject.process.on('message', onAnswer);
  try {
    return await new Promise<RunSaid>((resolve, reject) => {
      onAbort = () => reject(interrupted());
      signal.addEventListener('abort', onAbort, {once: true});
      if (signal.aborted) onAbort();
      const late = `they had not ended after ${runMsMax / 1_000} s`;
      timer = setTimeout(() => resolve({said: 'broke-off', message: late}), runMsMax);
      tester.process.on('message', (message: Asked | TestsSaid) => {
        if ('said' in message) resolve(message);
        else subject.tell({...message, run});
      });
      tester.ended.then(message => resolve({said: 'broke-off', message}), reject);
      subject.ended.then(
        message => reject(new LabError('BROKEN_LAB', `The bench of the tests ended: ${message}.`)),
        reject,
      );
      subject.tell(bench);
      tester.tell(tests);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    subject.process.off('message', onAnswer);
    tester.kill();
  }
}

/** Closes what a failed test has left open. Whether that was done in time. */
async function hasClosed(subject: Child, run: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let onAnswer = (_: InRun<Answered>): void => {};
  const closed = new Promise<boolean>(resolve => {
    onAnswer = answer => {
      if (answer.run === run && answer.id === LAST) resolve(!('error' in answer));
    };
    subject.process.on('message', onAnswer);
    timer = setTimeout(() => resolve(false), CLOSE_MS_MAX);
    subject.tell({run, id: LAST, ask: {do: 'close'}} satisfies InRun<Asked>);
  });
  return closed.finally(() => {
    clearTimeout(timer);
    subject.process.off('message', onAnswer);
  });
}

/** No test's own ask has this id. */
const LAST = -1;
