import {expect, it} from 'vitest';
import {type Breaker, createBreaker, type Outcome} from './breaker.ts';

it('opens after five failures in a row, and not when successes come between', () => {
  const {breaker} = open();
  report(breaker, 'failed', 'failed', 'failed', 'failed', 'ok', 'failed', 'failed', 'unclear', 'failed', 'failed');
  expect(breaker.state).toBe('closed');
  report(breaker, 'failed');
  expect([breaker.state, breaker.enter(), breaker.retryAfterMs()]).toEqual(['open', undefined, 1_000]);
});

it('lets one probe pass per wait, and waits twice as long after each that fails, up to four seconds', () => {
  const {breaker, pass} = open();
  report(breaker, ...FIVE);
  for (const waitMs of [1_000, 2_000, 4_000, 4_000]) {
    pass(waitMs - 1);
    expect(breaker.enter()).toBeUndefined();
    pass(1);
    const probe = breaker.enter();
    expect([breaker.state, breaker.enter()]).toEqual(['half-open', undefined]);
    probe?.('failed');
  }
});

it('closes after a probe that succeeds', () => {
  const {breaker, pass, said} = open();
  report(breaker, ...FIVE);
  pass(1_000);
  report(breaker, 'ok');
  expect(said).toEqual(['open', 'half-open', 'closed']);
  report(breaker, 'failed');
  expect(breaker.state).toBe('closed');
});

it('does not count what was under way before it opened or closed', () => {
  const {breaker, pass} = open();
  const early = FIVE.map(() => breaker.enter());
  report(breaker, ...FIVE);
  pass(1_000);
  report(breaker, 'ok');
  for (const late of early) late?.('failed');
  expect(breaker.state).toBe('closed');
});

it('gives up a probe of which nothing is heard', () => {
  const {breaker, pass} = open();
  report(breaker, ...FIVE);
  pass(1_000);
  breaker.enter();
  pass(5_000);
  expect(breaker.enter()).toBeDefined();
});

const FIVE: readonly Outcome[] = ['failed', 'failed', 'failed', 'failed', 'failed'];

function report(breaker: Breaker, ...outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) breaker.enter()?.(outcome);
}

function open() {
  let now = 0;
  const said: string[] = [];
  const clock = {now: () => now, monotonic: () => now, sleep: () => Promise.resolve()};
  return {
    breaker: createBreaker(clock, state => void said.push(state)),
    said,
    pass(ms: number) {
      now += ms;
    },
  };
}
