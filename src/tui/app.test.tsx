import {cleanup, render} from 'ink-testing-library';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import type {AskedPrediction} from '../controller/protocol.ts';
import {LabError} from '../errors.ts';
import {inconclusive} from '../labs/verdict.ts';
import {type App, createApp} from './app.ts';
import {Live} from './mount.tsx';
import {createRecordingSession, type RecordingSession} from './testing/recording-session.ts';
import {
  disturbedStatus,
  NOON,
  passedResult,
  samplePath,
  sampleResult,
  sampleStatus,
  sampleText,
} from './testing/samples.ts';

interface Harness {
  readonly app: App;
  readonly session: RecordingSession;
  readonly edited: string[];
  readonly type: (keys: string) => void;
  readonly frame: () => string;
  /** Waits until the frame contains the words. */
  readonly sees: (words: string | RegExp) => Promise<void>;
}

const ESC = '\u001B';
let harness: Harness;

beforeEach(() => {
  const session = createRecordingSession();
  const edited: string[] = [];
  const app = createApp({
    session,
    workspace: '/home/ada/teralab',
    size: {columns: 100, rows: 30},
    now: () => NOON,
    edit: async file => {
      edited.push(file);
      return undefined;
    },
  });
  const {stdin, lastFrame} = render(<Live app={app} unicode={true} printed={{count: 0}} />);
  const frame = () => lastFrame() ?? '';
  harness = {
    app,
    session,
    edited,
    frame,
    type: keys => stdin.write(keys),
    sees: async words =>
      vi.waitFor(
        () => (typeof words === 'string' ? expect(frame()).toContain(words) : expect(frame()).toMatch(words)),
        {timeout: 5_000, interval: 5},
      ),
  };
});

afterEach(() => {
  harness.app.stop();
  cleanup();
});

/** A system that is up, with the next lab's brief open. */
async function ready(): Promise<Harness> {
  const {session, sees} = harness;
  await vi.waitFor(() => expect(session.ups).toHaveLength(1));
  session.ups[0]?.resolve(sampleStatus);
  await sees('4/5 nodes ready');
  await sees('Every committed account has its event');
  return harness;
}

describe('the start', () => {
  it('shows the path and the next lab before the system is up, with its progress', async () => {
    const {session, sees} = harness;
    await sees('▸ Path');
    await sees('No lost events');
    session.ups[0]?.say({type: 'progress', text: 'identity-db ready', share: 0.5});
    await sees('identity-db ready');
    expect(session.calls).toContain(`lab ${samplePath.next}`);
  });

  it('shows why the system did not come up, and tries again when asked to', async () => {
    const {session, sees, type} = harness;
    await vi.waitFor(() => expect(session.ups).toHaveLength(1));
    session.ups[0]?.reject(new LabError('PORT_TAKEN', 'Port 4000 is taken.'));
    await sees('PORT_TAKEN');
    await sees('Free the port');
    type('u');
    await vi.waitFor(() => expect(session.ups).toHaveLength(2));
    session.ups[1]?.resolve(sampleStatus);
    await sees('4/5 nodes ready');
  });

  it('says so when the system is lost', async () => {
    const {session, sees} = await ready();
    session.lose(new LabError('CONTROLLER_LOST', 'The connection was lost.'));
    await sees('CONTROLLER_LOST');
    await sees('u bring the system up');
  });

  it('goes on without the lab when its name is wrong', async () => {
    const session = createRecordingSession();
    const text = session.answers.text;
    session.answers.text = id => {
      if (id === 'p9') throw new LabError('UNKNOWN_LAB', 'There is no lab "p9".');
      return text(id);
    };
    const app = createApp({
      session,
      workspace: '/w',
      lab: 'p9',
      size: {columns: 80, rows: 24},
      now: () => NOON,
      edit: async () => undefined,
    });
    await vi.waitFor(() =>
      expect(app.store.state().notice).toMatchObject({kind: 'error', error: {code: 'UNKNOWN_LAB'}}),
    );
    expect(app.store.state().lab).toBe(samplePath.next);
    app.stop();
  });
});

describe('a check', () => {
  it('goes from the key over live figures to the verdict, its story and a hint', async () => {
    const {session, sees, type, frame} = await ready();
    type('c');
    await vi.waitFor(() => expect(session.checks).toHaveLength(1));
    const [check] = session.checks;
    check?.tell({type: 'phase', phase: 'attack', text: 'killing identity', expectedMs: 15_000});
    check?.tell({type: 'live', phase: 'attack', sent: 84, ok: 80, failed: 4, p50: 3.1, p99: 20, elapsedMs: 4200});
    await sees('checking attack 3/7');
    await sees('sent 84  ok 80  failed 4');
    check?.tell({type: 'task', task: sampleResult.tasks[1] ?? passedResult.tasks[1] ?? never()});
    await sees(/✔ 2 pass/);
    expect(frame()).toMatch(/◐ 1 waiting/);
    check?.resolve(sampleResult);
    await sees('✖ FAIL');
    type('\r');
    await sees('op 317: committed at +4.210 s');
    type('h');
    await sees('What does the client see');
    expect(session.calls).toEqual(expect.arrayContaining(['check p2-04-no-lost-events', 'hint p2-04-no-lost-events']));
  });

  it('offers debrief, reference and next lab after a pass', async () => {
    const {session, sees, type} = await ready();
    type('c');
    await vi.waitFor(() => expect(session.checks).toHaveLength(1));
    session.checks[0]?.resolve(passedResult);
    await sees('✔ PASS');
    type('d');
    await vi.waitFor(() => expect(session.calls).toContain('debrief p2-04-no-lost-events'));
    type('s');
    await vi.waitFor(() => expect(session.calls).toContain('solution p2-04-no-lost-events'));
    type('n');
    await vi.waitFor(() => expect(session.calls).toContain('lab p2-05-break-the-circuit'));
  });

  it('is stopped by esc, after asking', async () => {
    const {session, sees, type} = await ready();
    type('c');
    await vi.waitFor(() => expect(session.checks).toHaveLength(1));
    type(ESC);
    await sees('Stop the running check?');
    expect(session.checks[0]?.signal.aborted).toBe(false);
    type('y');
    await vi.waitFor(() => expect(session.checks[0]?.signal.aborted).toBe(true));
    await sees('The check was stopped; it has no verdict.');
    await sees('c check');
  });

  it('shows an error of the run in the frame', async () => {
    const {session, sees, type} = await ready();
    type('b');
    await vi.waitFor(() => expect(session.breaks).toHaveLength(1));
    session.breaks[0]?.reject(new LabError('BUSY', 'Another check is running.'));
    await sees('BUSY');
    await sees('Wait for it to end');
  });

  it('tells in lines what an attack did', async () => {
    const {session, sees, type} = await ready();
    type('b');
    await vi.waitFor(() => expect(session.breaks).toHaveLength(1));
    session.breaks[0]?.resolve({
      lab: 'p2-04-no-lost-events',
      seed: 1,
      runtime: 'process',
      summary: ['8 of 300 events are gone for ever'],
      durationMs: 9000,
    });
    await sees('8 of 300 events are gone for ever');
  });
});

describe('a prediction', () => {
  const interval: AskedPrediction = {
    moment: 'break',
    seed: 7,
    question: {
      kind: 'interval',
      unit: 'ms',
      widthMax: 100,
      text: '50 calls, 20 ms a hop: how long does the page take?',
    },
    sealed: null,
  };
  const options = ['budget', 'jitter', 'longer-timeout'].map(id => ({id, text: `with a ${id}`}));

  async function asking(asked: AskedPrediction): Promise<Harness> {
    harness.session.answers.text = lab => ({...sampleText(lab), predicts: true});
    harness.session.answers.asked = asked;
    const shown = await ready();
    shown.app.store.dispatch({type: 'lab', text: harness.session.answers.text('p2-04-no-lost-events')});
    return shown;
  }

  it('comes before the attack, takes what is typed, and says what does not fit', async () => {
    const {session, sees, type} = await asking(interval);
    type('b');
    await sees('how long does the page take?');
    await sees('at most 100 ms wide');
    expect(session.breaks).toHaveLength(0);
    type('900..2000');
    type('\r');
    await sees('says too little');
    for (let count = 0; count < 4; count++) type('\u007F');
    type('990');
    await sees('▸ 900..990 ms');
    type('\r');
    await vi.waitFor(() => expect(session.breaks).toHaveLength(1));
    expect(session.calls).toContain('seal p2-04-no-lost-events break 900..990');
  });

  it('is chosen with the keys, and can wait', async () => {
    const {session, sees, type} = await asking({
      ...interval,
      question: {kind: 'choice', text: 'Which recovers?', options},
    });
    type('b');
    await sees('▸ 1 with a budget');
    type(ESC);
    await sees('Every committed account has its event');
    expect(session.breaks).toHaveLength(0);
    type('b');
    await sees('▸ 1 with a budget');
    type('j');
    await sees('▸ 2 with a jitter');
    type('\r');
    await vi.waitFor(() => expect(session.calls).toContain('seal p2-04-no-lost-events break jitter'));
  });

  it('is asked once all else of a check is passed, with ticks where several apply, and another check follows', async () => {
    const {session, sees, type} = await asking({
      ...interval,
      moment: 'check',
      question: {kind: 'choices', text: 'Which recover?', options},
    });
    type('c');
    await vi.waitFor(() => expect(session.checks).toHaveLength(1));
    const item = {...inconclusive('NOT_PREDICTED', 'no answer yet', 'an answer', ['Which recover?'])};
    session.checks[0]?.resolve({
      ...passedResult,
      verdict: 'inconclusive',
      tasks: [...passedResult.tasks, {id: 'prediction', title: 'Said before the run', ...item}],
    });
    await sees('1 [ ] with a budget');
    type('13');
    await sees('3 [x] with a longer-timeout');
    type('\r');
    await vi.waitFor(() => expect(session.checks).toHaveLength(2));
    expect(session.calls).toContain('seal p2-04-no-lost-events check budget,longer-timeout');
  });
});

describe('faults', () => {
  it('are injected from the menu with a target, shown with time left, and cleared', async () => {
    const {session, sees, type} = await ready();
    type('f');
    await sees('▸ latency 200 ms for 30 s');
    type('\r');
    await sees('of what?');
    type('j');
    await sees('▸ gateway->identity');
    type('\r');
    await vi.waitFor(() => expect(session.calls).toContain('inject latency gateway->identity'));
    session.status(disturbedStatus);
    await sees(/latency gateway->identity 30 s left/);
    type('x');
    await vi.waitFor(() => expect(session.calls).toContain('clear f-7'));
    await sees('Healed: latency gateway->identity');
  });

  it('that were injected here end with Ctrl-C', async () => {
    const {app, session, sees, type} = await ready();
    type('f');
    await sees('▸ latency 200 ms for 30 s');
    type('\r');
    await sees('of what?');
    type('\r');
    await sees('is in force');
    type('\u0003');
    await expect(app.left).resolves.toEqual({exit: 130, keepSystem: true});
    expect(session.calls).toContain('clear f-7');
  });
});

describe('logs', () => {
  it('follow the chosen node until another page is opened', async () => {
    const {session, sees, type} = await ready();
    type('l');
    await sees('Log of which node?');
    type('j');
    await sees('▸ identity-1');
    type('\r');
    await vi.waitFor(() => expect(session.calls).toContain('logs identity-1'));
    session.write(['listening on 41002']);
    await sees('listening on 41002');
    type(ESC);
    await sees('▸ p2-04-no-lost-events');
    session.write(['too late']);
    expect(harness.frame()).not.toContain('too late');
  });
});

describe('the learner’s file', () => {
  it('is opened in the editor, and its saving is seen', async () => {
    const {session, sees, type, edited} = await ready();
    type('e');
    await vi.waitFor(() => expect(edited).toEqual(['/home/ada/teralab/labs/p2-04-no-lost-events/publisher.ts']));
    session.save();
    await sees(/saved \d\d:\d\d:\d\d - press c to check/);
  });

  it('is replaced by a fresh one after asking', async () => {
    const {session, sees, type} = await ready();
    type('r');
    await sees('Yours are kept aside');
    expect(session.calls).not.toContain('reset p2-04-no-lost-events');
    type('y');
    await sees('yours are in labs/.kept/1');
  });
});

describe('labs', () => {
  it('are found by typing, and opened with enter', async () => {
    const {session, sees, type} = await ready();
    type('/');
    await sees('find: _');
    type('rest');
    await sees('1 found');
    type('\r');
    await sees('enter open');
    type('\r');
    await vi.waitFor(() => expect(session.calls).toContain('lab p1-03-rest-that-lasts'));
  });

  it('that are planned say so instead of being opened', async () => {
    const {sees, type} = await ready();
    type('/');
    await sees('find: _');
    type('many');
    await sees('1 found');
    type('\r');
    await sees('enter open');
    type('\r');
    await sees('not part of this version yet');
  });
});

describe('leaving', () => {
  it.each([
    ['k', {exit: 0, keepSystem: true}],
    ['s', {exit: 0, keepSystem: false}],
  ])('asks what to do with the system: %s', async (key, leaving) => {
    const {app, sees, type} = await ready();
    type('q');
    await sees('What about the system?');
    type(key);
    await expect(app.left).resolves.toEqual(leaving);
  });

  it('with Ctrl-C is exit 130, also before anything is up', async () => {
    await harness.sees('▸ Path');
    harness.type('\u0003');
    await expect(harness.app.left).resolves.toEqual({exit: 130, keepSystem: true});
  });
});

function never(): never {
  throw new Error('the sample has no such task');
}
