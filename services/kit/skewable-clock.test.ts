import {describe, expect, it} from 'vitest';
import type {Clock} from './clock.ts';
import {createSkewableClock} from './skewable-clock.ts';

function clockAt(ms: number): Clock & {pass(ms: number): void} {
  let passed = 0;
  return {
    now: () => ms + passed,
    monotonic: () => passed,
    sleep: async () => undefined,
    pass: more => {
      passed += more;
    },
  };
}

describe('a clock that can be skewed', () => {
  it('is right until it is told otherwise, and again afterwards', () => {
    const clock = createSkewableClock(clockAt(1_000_000));
    expect(clock.now()).toBe(1_000_000);
    clock.skew(-120_000, 0);
    expect(clock.now()).toBe(880_000);
    clock.skew(0, 0);
    expect(clock.now()).toBe(1_000_000);
  });

  it('drifts from when it was told to', () => {
    const base = clockAt(1_000_000);
    const clock = createSkewableClock(base);
    base.pass(5_000);
    clock.skew(100, 0.5);
    expect(clock.now()).toBe(1_005_100);
    base.pass(1_000);
    expect(clock.now()).toBe(1_006_600);
  });

  it('leaves monotonic time alone', () => {
    const base = clockAt(0);
    const clock = createSkewableClock(base);
    clock.skew(5_000, 1);
    base.pass(250);
    expect(clock.monotonic()).toBe(250);
  });
});
