import {cleanup, render} from 'ink-testing-library';
import {afterEach, describe, expect, it} from 'vitest';
import {LabError, toErrorData} from '../errors.ts';
import type {ScreenEvent} from './event.ts';
import {Screen} from './screen.tsx';
import type {ScreenState} from './state.ts';
import {disturbedStatus, NOON, passedResult, sampleResult, sampleStatus} from './testing/samples.ts';
import {play, readyState, startState} from './testing/states.ts';
import {cells} from './text/line.ts';

const SIZES = [
  {columns: 80, rows: 24},
  {columns: 200, rows: 50},
  {columns: 60, rows: 15},
  {columns: 120, rows: 30},
  {columns: 40, rows: 8},
  {columns: 1, rows: 1},
] as const;
const lab = 'p2-04-no-lost-events';
const view = (action: Extract<ScreenEvent, {type: 'view'}>['action']): ScreenEvent => ({type: 'view', action});
const error = toErrorData(
  new LabError(
    'NODE_NOT_READY',
    'identity-1 did not answer http://127.0.0.1:41002/readyz within 10000 ms. Its last lines:\nError: 日本語のメッセージ\n    at very/long/path',
  ),
);

afterEach(cleanup);

/** What the terminal would show, without colours. */
function frame(state: ScreenState, unicode = true): string {
  const {lastFrame, unmount} = render(<Screen state={state} unicode={unicode} />);
  const text = lastFrame() ?? '';
  unmount();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
  return text.replace(/\u001B\[[0-9;]*m/g, '');
}

/** States that fill the screen in every way that there is. */
function states(size: ScreenState['size']): Readonly<Record<string, ScreenState>> {
  const ready = readyState(size, disturbedStatus);
  const running = play(
    ready,
    {type: 'run-started', kind: 'check', lab, now: NOON},
    {
      type: 'run-event',
      now: NOON,
      event: {
        type: 'phase',
        phase: 'attack',
        text: 'identity is killed between commit and publish',
        expectedMs: 15_000,
      },
    },
    {
      type: 'run-event',
      now: NOON + 4200,
      event: {type: 'live', phase: 'attack', sent: 84, ok: 80, failed: 4, p50: 3.1, p99: 1204.4, elapsedMs: 4200},
    },
    ...Array.from(
      {length: 100},
      (_, index): ScreenEvent => ({
        type: 'run-event',
        now: NOON + 4200,
        event: {type: 'note', text: `a long note about the run, number ${index}, 日本語 and on and on and on and on`},
      }),
    ),
  );
  const failed = play(
    ready,
    {type: 'run-started', kind: 'check', lab, now: NOON},
    {type: 'checked', result: sampleResult, now: NOON},
  );
  const passed = play(
    ready,
    {type: 'run-started', kind: 'check', lab, now: NOON},
    {type: 'checked', result: passedResult, now: NOON},
  );
  const pages = [ready, running, failed].flatMap(state =>
    [1, 2, 3].map(times => play(state, ...Array.from({length: times}, () => view({do: 'tab', back: false})))),
  );
  return Object.fromEntries(
    [
      startState(size),
      play(startState(size), {
        type: 'system-progress',
        event: {
          type: 'progress',
          text: 'a very long line of progress that tells more than anybody wants to know at once',
          share: 0.4,
        },
      }),
      play(ready, {type: 'system-failed', error}),
      play(ready, {type: 'notice', notice: {kind: 'error', error}}),
      ready,
      running,
      failed,
      passed,
      ...pages,
      play(ready, view({do: 'show', page: 'faults'})),
      play(ready, view({do: 'show', page: 'nodes'})),
      play(ready, view({do: 'choose-target', fault: 5})),
      play(ready, view({do: 'show', page: 'keys'})),
      play(failed, view({do: 'show-task', index: 0})),
      play(ready, {
        type: 'logs',
        node: 'identity-1',
        lines: Array.from(
          {length: 300},
          (_, index) => `\u001B[31m${index} 日本語 a line of a log that is far too wide for any pane\u001B[0m\u0007`,
        ),
      }),
      play(ready, {
        type: 'reading',
        reading: {title: 'Hint 1 of 3: nothing-missing, EVENT_MISSING', text: '# What\n\n```ts\nconst x = 1;\n```'},
      }),
      play(ready, view({do: 'ask', what: 'quit'})),
      play(running, view({do: 'ask', what: 'stop-run'})),
      play(ready, view({do: 'find'}), view({do: 'find-text', text: 'ev'})),
      play(ready, view({do: 'find'}), view({do: 'find-text', text: 'nothing is called this'})),
      play(ready, {type: 'saved', now: NOON}),
      play(ready, view({do: 'zoom'})),
    ].map((state, index) => [`state ${index} (${state.page.kind}, ${state.focus})`, state]),
  );
}

describe('a frame', () => {
  it.each(SIZES)('is rows - 1 high and no line of it wider than the terminal, at $columns x $rows', size => {
    const fits = size.columns >= 60;
    for (const [name, state] of Object.entries(states(size))) {
      const lines = frame(state).split('\n');
      // Exactly as high, so that nothing of an older frame is left; a sentence on a tiny terminal may be shorter.
      if (fits) expect(lines, name).toHaveLength(size.rows - 1);
      else expect(lines.length, name).toBeLessThanOrEqual(Math.max(1, size.rows - 1));
      for (const line of lines) expect(cells(line), `${name}: ${line}`).toBeLessThanOrEqual(size.columns);
    }
  });

  it('is plain ASCII where the terminal shows nothing else', () => {
    for (const state of Object.values(states({columns: 80, rows: 24}))) {
      const text = frame(state, false);
      expect(text).toMatch(/^[\n -~]*$/);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it('says in a sentence when the terminal is too small', () => {
    expect(frame(readyState({columns: 59, rows: 24})).replace(/\s+/g, ' ')).toContain(
      'This terminal is 59x24; the screen needs 60x15. Make it larger, or press q to leave',
    );
  });
});

describe('a wide screen', () => {
  const size = {columns: 200, rows: 50};

  it('shows path, brief, system, checklist and keys at once', () => {
    const text = frame(readyState(size, disturbedStatus));
    for (const words of [
      'Phase 1 Microservices Fundamentals',
      'Weeks 5-6 Communication patterns',
      '✔ First break',
      'passed',
      '○ No lost events',
      'open',
    ])
      expect(text).toContain(words);
    for (const words of [
      'Make the event part of the same transaction',
      'client ──▶ identity ──commit──▶ identity-db',
      'labs/p2-04-no-lost-events/publisher.ts',
    ])
      expect(text).toContain(words);
    expect(text).toMatch(/✖ identity-1 +crashed +3 restarts/);
    expect(text).toMatch(/gateway->identity +201ms +1204ms +18\/s +13%/);
    expect(text).toMatch(/! latency gateway->identity 30 s left/);
    expect(text).toContain('bites: round trip 0.6 ms -> 201.2 ms');
    expect(text).toContain('○ 1 not judged   Every committed account has its event');
    expect(text).toMatch(/c check {2}b break it {2}e edit/);
  });

  it('counts faults down', () => {
    const later = play(readyState(size, disturbedStatus), {type: 'tick', now: NOON + 18_000});
    expect(frame(later)).toMatch(/latency gateway->identity 12 s left/);
  });

  it('gives one pane the whole width when it is zoomed', () => {
    const text = frame(play(readyState(size), view({do: 'tab', back: false}), view({do: 'zoom'})));
    expect(text).toContain('Make the event part');
    expect(text).not.toContain('Weeks 5-6');
  });
});

describe('a narrow screen', () => {
  it('shows one pane at a time; checklist and keys stay', () => {
    const seen = [0, 1, 2, 3].map(times =>
      frame(play(readyState(), ...Array.from({length: times}, () => view({do: 'tab', back: false})))),
    );
    expect(
      seen.map(text => ['▸ Path', '▸ p2-04', '▸ System', '▸ Checklist'].map(title => text.includes(title))),
    ).toEqual([
      [true, false, false, false],
      [false, true, false, false],
      [false, false, true, false],
      [false, false, false, true],
    ]);
    for (const text of seen) {
      expect(text).toContain('1 not judged');
      expect(text).toMatch(/Tab pane.*\? keys {2}q quit\s*$/);
    }
  });

  it('shows the path at once, while the system is still starting', () => {
    const text = frame(
      play(startState(), {type: 'system-progress', event: {type: 'progress', text: 'preparing databases'}}),
    );
    expect(text).toContain('◐ starting 0.0 s  preparing databases');
    expect(text).toContain('▸ Path');
  });
});

describe('a check', () => {
  it('shows its phase with elapsed and expected time, and live figures', () => {
    const text = frame(states({columns: 80, rows: 24})['state 5 (trail, main)'] ?? startState());
    expect(text).toContain('◐ checking attack 3/7  4.2 s of about 15 s');
    expect(text).toContain('sent 84  ok 80  failed 4  p50 3.1ms  p99 1204ms');
    expect(text).toContain('1 waiting');
    expect(text).toContain('esc stop');
  });

  it('ends with a verdict in words, and with the figures of the first failed item', () => {
    const text = frame(
      play(
        readyState(),
        {type: 'run-started', kind: 'check', lab, now: NOON},
        {type: 'checked', result: sampleResult, now: NOON},
      ),
    );
    expect(text).toContain('✖ FAIL');
    expect(text).toMatch(/✖ 1 fail .* EVENT_MISSING/);
    expect(text).toMatch(/✔ 2 pass/);
    expect(text).toMatch(/\? 3 inconclusive .* BUSY_MACHINE/);
    expect(text).toContain('observed 8 of 300 committed accounts have no event');
    expect(text).toContain('expected no committed account without an event');
  });

  it('tells the story of an item in full when it is opened', () => {
    const text = frame(
      play(
        readyState(),
        {type: 'run-started', kind: 'check', lab, now: NOON},
        {type: 'checked', result: sampleResult, now: NOON},
        view({do: 'show-task', index: 0}),
      ),
    );
    expect(text.replace(/\s+/g, ' ')).toContain(
      'op 317: committed at +4.210 s, identity-1 killed at +4.212 s, never published',
    );
    expect(text).toContain('300 committed, 292 published');
  });

  it('offers the debrief, the reference and the next lab after a pass', () => {
    const text = frame(
      play(
        readyState(),
        {type: 'run-started', kind: 'check', lab, now: NOON},
        {type: 'checked', result: passedResult, now: NOON},
      ),
    );
    for (const words of ['✔ PASS', 'd  the debrief', 's  the reference', 'n  the next lab', 'd debrief', 's reference'])
      expect(text).toContain(words);
  });
});

describe('what happened', () => {
  it('says when the file was saved', () => {
    expect(frame(play(readyState(), {type: 'saved', now: NOON}))).toMatch(/saved \d\d:\d\d:\d\d - press c to check/);
  });

  it('shows an error with its code and what to do', () => {
    const text = frame(play(startState({columns: 120, rows: 30}), {type: 'system-failed', error}));
    expect(text).toContain('✖ NODE_NOT_READY identity-1 did not answer');
    expect(text).toContain('teralab logs <node>');
    expect(text).toContain('u bring the system up');
  });

  it('asks what to do with the system', () => {
    const text = frame(play(readyState(undefined, sampleStatus), view({do: 'ask', what: 'quit'})));
    expect(text).toContain('? Leave the screen. What about the system?');
    expect(text).toMatch(/k keep it running {2}s stop it {2}esc stay\s*$/);
  });
});
