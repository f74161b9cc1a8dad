import stringWidth from 'string-width';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import {isAlive, type Learner, newLearner, pidsOf} from './support/learner.ts';
import {leaveOut, requireTool, TOO_BUSY} from './support/require.ts';
import {openTerminal} from './support/terminal.ts';
import {until} from './support/until.ts';

const START_BOUND_MS = 60_000;
const CHECK_BOUND_MS = 90_000;

/** The real screen of the real command in a real terminal. */
describe('teralab start in a terminal', () => {
  let learner: Learner;

  beforeEach(context => {
    requireTool(context, 'tmux');
    learner = newLearner();
  });
  afterEach(async () => learner?.[Symbol.asyncDispose]());

  it('of 80x24 brings the system up, judges the start files, and leaves nothing behind when told to stop', async context => {
    const size = {columns: 80, rows: 24};
    await using terminal = await openTerminal(learner, size, 'start');
    await terminal.shows('Microservices Fundamentals');
    await terminal.shows(/6\/6 nodes ready/, START_BOUND_MS);
    expectFits(await terminal.lines(), size);
    const pids = pidsOf((await learner.json<StatusReport>('status')).document);

    await terminal.press('Tab');
    expectFits(await terminal.shows('▸ p0-00-first-break'), size);
    await terminal.press('?');
    expectFits(await terminal.shows('▸ Keys'), size);
    await terminal.press('Escape');
    await terminal.shows('▸ p0-00-first-break');

    // A busy machine may make a check inconclusive; it is asked again.
    for (let attempt = 1; ; attempt++) {
      await terminal.press('c');
      await terminal.shows('Check of p0-00-first-break');
      const verdict = await terminal.shows(/✖ FAIL|INCONCLUSIVE/, CHECK_BOUND_MS);
      expectFits(verdict, size);
      if (attempt === 3 || verdict.some(line => line.includes('✖ FAIL'))) break;
    }
    const judged = (await terminal.lines()).join('\n');
    if (/INCONCLUSIVE/.test(judged)) leaveOut(context, TOO_BUSY);
    expect(judged).toContain('✖ FAIL');
    expect(judged).toContain('PAGE_TOO_LATE');

    await terminal.press('q');
    expectFits(await terminal.shows('s stop it'), size);
    await terminal.press('s');
    expect(await terminal.exitCode()).toBe(0);
    await until('every process is gone', () => !pids.some(isAlive));
  });

  it('of 200x50 shows path, brief and system beside each other, and keeps the system when told so', async () => {
    const size = {columns: 200, rows: 50};
    await using terminal = await openTerminal(learner, size, 'start', 'p2-04-no-lost-events');
    await terminal.shows('Microservices Fundamentals');
    const lines = await terminal.shows(/6\/6 nodes ready/, START_BOUND_MS);
    expectFits(lines, size);
    await terminal.shows('gateway->identity');
    const all = (await terminal.lines()).join('\n');
    expect(all).toContain('No lost events');
    expect(all).toContain('identity-db');
    await terminal.press('q');
    await terminal.shows('k keep it running');
    await terminal.press('k');
    expect(await terminal.exitCode()).toBe(0);
    const {exitCode, document} = await learner.json<StatusReport>('status');
    expect(exitCode).toBe(0);
    expect(document.nodes.every(({state}) => state === 'ready')).toBe(true);
  });
});

function expectFits(
  lines: readonly string[],
  {columns, rows}: {readonly columns: number; readonly rows: number},
): void {
  expect(lines.filter(line => stringWidth(line) > columns)).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(rows);
  // Every line of the frame is on one line of the terminal: the first is the title, the last but one the keys.
  expect(lines[0]).toMatch(/^teralab /);
}
