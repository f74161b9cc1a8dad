import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {LabError} from '../../errors.ts';
import {DURATION_MS_MAX, formatDuration, parseDuration} from './duration.ts';
import {drawSeed, parsePort, parseSeed, parseShare, parseWhole, SEED_MAX} from './number.ts';
import {formatRate, parseRate, RATE_MAX} from './rate.ts';
import {parseReplicas} from './replicas.ts';
import {formatSize, parseSize, roughSize} from './size.ts';

/** Either a value, or a LabError with the usage exit code: nothing else may come out of a parser. */
function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).exit).toBe(2);
    return undefined;
  }
}

describe('durations', () => {
  it('are read with each unit', () => {
    expect(['250ms', '30s', '2m', '1h', '1.5s'].map(raw => parseDuration(raw, '--for'))).toEqual([
      250, 30_000, 120_000, 3_600_000, 1500,
    ]);
  });

  it('are read back from what they are written as', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: DURATION_MS_MAX}), ms => parseDuration(formatDuration(ms), '--for') === ms),
    );
  });

  it('are positive whole milliseconds or refused, whatever is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^-?\d{0,12}\.?\d{0,4}(ms|s|m|h|d)?$/)), raw => {
        const ms = outcome(() => parseDuration(raw, '--for'));
        if (ms !== undefined)
          expect(Number.isInteger(ms) && (ms as number) >= 1 && (ms as number) <= DURATION_MS_MAX).toBe(true);
      }),
    );
  });

  it.each(['', '30', '0s', '-1s', '1e3s', 's', '1 0s', '25h', 'NaNs', '٣s'])('refuse %j', raw => {
    expect(() => parseDuration(raw, '--for')).toThrow(/--for/);
  });
});

describe('sizes', () => {
  it('count 1000 bytes to the KB', () => {
    expect(['512B', '64KB', '10MB', '1gb'].map(raw => parseSize(raw, '--bytes'))).toEqual([
      512, 64_000, 10_000_000, 1_000_000_000,
    ]);
  });

  it('are read back from what they are written as', () => {
    fc.assert(fc.property(fc.integer({min: 0, max: 1e12}), bytes => parseSize(formatSize(bytes), '--bytes') === bytes));
  });

  it('are whole bytes or refused, whatever is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{0,20}(B|KB|MB|GB)?$/)),
        raw => void outcome(() => parseSize(raw, '--bytes')),
      ),
    );
  });

  it('are rounded for people', () => {
    expect([999, 1500, 64_000, 52_400_000].map(roughSize)).toEqual(['999 B', '1.5 KB', '64 KB', '52 MB']);
  });
});

describe('rates', () => {
  it('are read with and without their unit', () => {
    expect(['50', '50/s', '120/m', '0.5/s'].map(raw => parseRate(raw, '--rate'))).toEqual([50, 50, 2, 0.5]);
  });

  it('are read back from what they are written as', () => {
    fc.assert(fc.property(fc.integer({min: 1, max: RATE_MAX}), rate => parseRate(formatRate(rate), '--rate') === rate));
  });

  it.each(['', '0', '-1', '50/h', '1e9', 'fast', '50/s/s', 'Infinity'])('refuse %j', raw => {
    expect(() => parseRate(raw, '--rate')).toThrow(/--rate/);
  });
});

describe('numbers', () => {
  it('take whole numbers within their bounds only', () => {
    expect(parseWhole('3', '--seeds', 1, 10)).toBe(3);
    for (const raw of ['0', '11', '1.5', '0x3', '', ' ', '-3', '1e1'])
      expect(() => parseWhole(raw, '--seeds', 1, 10)).toThrow(/--seeds/);
    expect(parseSeed(String(SEED_MAX))).toBe(SEED_MAX);
    expect(() => parsePort('65536')).toThrow(/--port/);
  });

  it('take shares as a fraction or a percentage', () => {
    expect([parseShare('0.2', '--toxicity'), parseShare('20%', '--toxicity'), parseShare('1', '--toxicity')]).toEqual([
      0.2, 0.2, 1,
    ]);
    fc.assert(
      fc.property(fc.string(), raw => {
        const share = outcome(() => parseShare(raw, '--toxicity'));
        if (share !== undefined) expect((share as number) >= 0 && (share as number) <= 1).toBe(true);
      }),
    );
  });

  it('draw seeds that can be typed back', () => {
    const seed = drawSeed();
    expect(parseSeed(String(seed))).toBe(seed);
  });
});

describe('replicas', () => {
  it('add up over several flags and commas', () => {
    expect(parseReplicas('gateway=2,stream=1', parseReplicas('identity=3'))).toEqual({
      identity: 3,
      gateway: 2,
      stream: 1,
    });
  });

  it.each(['', 'identity', 'identity=0', 'identity=99', 'identity=x', '=3', '__proto__=2', 'identity=3,'])(
    'refuse %j',
    raw => {
      expect(() => parseReplicas(raw)).toThrow(/--replicas/);
    },
  );
});
