import {describe, expect, it} from 'vitest';
import type {TimedFault} from './lab.ts';
import {checkTimetable, decodeSchedule, encodeSchedule} from './schedule.ts';

const pause: TimedFault = {kind: 'pause', target: 'stream', attributes: {}, atMs: 2_000, forMs: 5_000};
const slow: TimedFault = {
  kind: 'latency',
  target: 'gateway->identity',
  attributes: {latency: 50},
  atMs: 0,
  forMs: 9_000,
};

describe('the code of a schedule', () => {
  it('carries lab, seed and timetable, and is short', () => {
    const schedule = {lab: 'p2-05-break-the-circuit', seed: 2_147_483_647, faults: [pause, slow]};
    const code = encodeSchedule(schedule);
    expect(code).toMatch(/^tl1-[\w-]+-[0-9a-f]{4}$/);
    expect(code.length).toBeLessThan(250);
    expect(decodeSchedule(` ${code}\n`)).toEqual(schedule);
    expect(encodeSchedule(decodeSchedule(code))).toBe(code);
    const own = {lab: 'p0-00-first-break', seed: 7, faults: null};
    expect(decodeSchedule(encodeSchedule(own))).toEqual(own);
  });

  it('is refused when a character of it is missing or wrong, wherever that is', () => {
    const code = encodeSchedule({lab: 'p2-05-break-the-circuit', seed: 7, faults: [pause]});
    for (let at = 4; at < code.length; at++) {
      const other = code[at] === 'A' ? 'B' : 'A';
      expect(() => decodeSchedule(code.slice(0, at) + other + code.slice(at + 1))).toThrow();
      expect(() => decodeSchedule(code.slice(0, at) + code.slice(at + 1))).toThrow();
    }
  });

  it.each(['', 'tl1', 'tl1--0000', 'hello', `tl1-${'A'.repeat(3_000)}-0000`])('is no code: "%.20s"', raw => {
    expect(() => decodeSchedule(raw)).toThrow(expect.objectContaining({code: 'BAD_CODE'}));
  });

  it('of a newer version is refused, not misread', () => {
    const code = encodeSchedule({lab: 'p0-00-first-break', seed: 7, faults: null}).replace('tl1', 'tl2');
    expect(() => decodeSchedule(code)).toThrow(expect.objectContaining({code: 'NEWER_VERSION'}));
  });

  it('holds no fault that the catalogue does not have', () => {
    const strange = {...pause, kind: 'meteor'} as unknown as TimedFault;
    const code = encodeSchedule({lab: 'p0-00-first-break', seed: 7, faults: [strange]});
    expect(() => decodeSchedule(code)).toThrow(expect.objectContaining({code: 'UNKNOWN_FAULT'}));
  });
});

describe('a timetable', () => {
  it('has one fault or two, within a minute', () => {
    expect(checkTimetable([pause, slow])).toHaveLength(2);
    expect(() => checkTimetable([])).toThrow('one or two faults');
    expect(() => checkTimetable([pause, slow, pause])).toThrow('one or two faults');
    expect(() => checkTimetable([{...pause, forMs: 59_000}])).toThrow('within the first 60 s');
  });
});
