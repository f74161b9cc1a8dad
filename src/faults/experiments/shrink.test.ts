import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Candidate, shrink, WINDOW_MIN_MS} from './shrink.ts';
import {shrinkables, withFaults} from './shrink-document.ts';
import {readExperiment} from './testing.ts';

const faults = fc
  .array(fc.record({forMs: fc.integer({min: 1, max: 60_000}), latency: fc.integer({min: 1, max: 5000})}), {
    minLength: 1,
    maxLength: 9,
  })
  .map((list): Candidate => list.map(({forMs, latency}, index) => ({index, forMs, magnitudes: {latency}})));

/** A system that fails when all of some faults are there, long and large enough. */
const systems = faults.chain(start =>
  fc.record({
    start: fc.constant(start),
    needed: fc.subarray([...start]).map(list =>
      list.map(({index, forMs, magnitudes}) => ({
        index,
        forMs: forMs * 0.3,
        latency: (magnitudes.latency ?? 0) * 0.3,
      })),
    ),
  }),
);

function failsIn(needed: readonly {index: number; forMs: number; latency: number}[]) {
  return (candidate: Candidate): boolean =>
    needed.every(({index, forMs, latency}) => {
      const fault = candidate.find(each => each.index === index);
      return fault !== undefined && fault.forMs >= forMs && (fault.magnitudes.latency ?? 0) >= latency;
    });
}

describe('shrink', () => {
  it('finds exactly the faults that are needed, and halves nothing that can be halved further', async () => {
    await fc.assert(
      fc.asyncProperty(systems, async ({start, needed}) => {
        const fails = failsIn(needed);
        const {smallest, isMinimal} = await shrink(start, async candidate => fails(candidate), {runsMax: 100_000});
        expect(isMinimal).toBe(true);
        expect(fails(smallest)).toBe(true);
        expect(smallest.map(({index}) => index)).toEqual(needed.map(({index}) => index));
        for (const [at, fault] of smallest.entries()) {
          const shorter = smallest.map((each, position) =>
            position === at ? {...each, forMs: Math.round(fault.forMs / 2)} : each,
          );
          expect(Math.round(fault.forMs / 2) < WINDOW_MIN_MS || !fails(shorter)).toBe(true);
        }
      }),
    );
  });

  it('keeps to its number of runs, tries nothing twice, and gives what was seen to fail whatever the system does', async () => {
    await fc.assert(
      fc.asyncProperty(faults, fc.integer({min: 0, max: 20}), fc.func(fc.boolean()), async (start, runsMax, answer) => {
        const tried: string[] = [];
        const failed = new Set([JSON.stringify(start)]);
        const {smallest, runs} = await shrink(
          start,
          async candidate => {
            const fails = answer(candidate);
            tried.push(JSON.stringify(candidate));
            if (fails) failed.add(JSON.stringify(candidate));
            return fails;
          },
          {runsMax},
        );
        expect(runs).toBe(tried.length);
        expect(runs).toBeLessThanOrEqual(runsMax);
        expect(new Set(tried).size).toBe(tried.length);
        expect(failed.has(JSON.stringify(smallest))).toBe(true);
      }),
    );
  });
});

describe('a shrunk document', () => {
  const text = `
title: t
configuration: {slow: 400ms}
method:
  - {type: action, name: load, provider: {type: teralab, load: mixed, rate: 5/s, for: 9s}}
  - {type: action, name: a, for: 20s, provider: {type: teralab, fault: latency, target: identity, latency: "\${slow}", jitter: 10}}
  - {type: action, name: b, at: 3s, provider: {type: teralab, fault: pause, target: stream}}
  - {type: action, name: c, provider: {type: teralab, clear: b}}
`;

  it('has what is no fault as it was, and the faults that are kept in their new size', () => {
    const experiment = readExperiment(text);
    const all = shrinkables(experiment);
    expect(all).toEqual([
      {index: 1, forMs: 20_000, magnitudes: {latency: 400, jitter: 10}},
      {index: 2, forMs: 30_000, magnitudes: {}},
    ]);
    const small = withFaults(experiment.document, experiment, [
      {index: 1, forMs: 2500, magnitudes: {latency: 100, jitter: 10}},
    ]);
    const {method} = readExperiment(JSON.stringify(small));
    expect(method.map(({name}) => name)).toEqual(['load', 'a']);
    expect(method[1]?.provider).toMatchObject({forMs: 2500, attributes: {latency: 100, jitter: 10}});
    expect(shrinkables(readExperiment(JSON.stringify(withFaults(experiment.document, experiment, all))))).toEqual(all);
  });
});
