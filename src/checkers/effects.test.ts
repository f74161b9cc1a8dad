import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {compareEffects} from './effects.ts';

describe('comparing effects', () => {
  it('names what is missing, what nobody committed, and what took effect twice', () => {
    expect(compareEffects(['a', 'b', 'c'], ['b', 'x', 'b', 'c'])).toEqual({
      missing: ['a'],
      phantom: ['x'],
      duplicated: [{id: 'b', count: 2}],
    });
  });

  it('finds nothing exactly when both sides are the same set, each once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.array(fc.string()), (committed, observed) => {
        const {missing, phantom, duplicated} = compareEffects(committed, observed);
        const same =
          committed.toSorted().join('\0') === observed.toSorted().join('\0') && committed.length === observed.length;
        expect(missing.length + phantom.length + duplicated.length === 0).toBe(same);
      }),
    );
  });
});
