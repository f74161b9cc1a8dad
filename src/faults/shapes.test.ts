import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {createRandom} from '../random.ts';
import {bridge, majoritiesRing, type Shape} from './shapes.ts';

const names = (count: number): readonly string[] => Array.from({length: count}, (_, index) => `n${index}`);
const shapeOf = (make: typeof bridge) =>
  fc.record({count: fc.integer({min: 3, max: 24}), seed: fc.nat()}).map(({count, seed}) => {
    const nodes = names(count);
    return {nodes, shape: make(nodes, createRandom(seed))};
  });

/** Whom a node sees, itself included, as one text. */
function seenBy(node: string, nodes: readonly string[], {cut}: Shape): readonly string[] {
  return nodes.filter(other => !cut.some(([a, b]) => (a === node && b === other) || (a === other && b === node)));
}

describe('a bridge', () => {
  it('leaves one node that sees everybody, and two halves of about the same size that see only their own and it', () => {
    fc.assert(
      fc.property(shapeOf(bridge), ({nodes, shape}) => {
        const views = nodes.map(node => seenBy(node, nodes, shape));
        const whole = nodes.filter((_, index) => views[index]?.length === nodes.length);
        expect(whole).toHaveLength(1);
        const sides = new Set(nodes.flatMap((node, index) => (whole.includes(node) ? [] : [views[index]?.join()])));
        expect(sides.size).toBe(2);
        const sizes = [...sides].map(side => (side ?? '').split(',').length - 1);
        expect(Math.abs((sizes[0] ?? 0) - (sizes[1] ?? 0))).toBeLessThanOrEqual(1);
        expect(sizes[0]).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a ring of majorities', () => {
  it('shows each node a majority, no two the same one, and nobody all in it unless there are three', () => {
    fc.assert(
      fc.property(shapeOf(majoritiesRing), ({nodes, shape}) => {
        const views = nodes.map(node => seenBy(node, nodes, shape));
        for (const view of views) expect(view.length).toBeGreaterThan(nodes.length / 2);
        expect(new Set(views.map(view => view.join())).size).toBe(nodes.length);
        if (nodes.length > 3) for (const view of views) expect(view.length).toBeLessThan(nodes.length);
      }),
    );
  });

  it('shows none of them more than it has to: a majority, or one more where an odd number of nodes wants it', () => {
    fc.assert(
      fc.property(shapeOf(majoritiesRing), ({nodes, shape}) => {
        const majority = Math.floor(nodes.length / 2) + 1;
        for (const node of nodes) expect(seenBy(node, nodes, shape).length).toBeLessThanOrEqual(majority + 1);
      }),
    );
  });

  it('of five is the pentagon of Jepsen: each sees itself and its two neighbours', () => {
    const nodes = names(5);
    const shape = majoritiesRing(nodes, createRandom(1));
    expect(nodes.map(node => seenBy(node, nodes, shape).length)).toEqual([3, 3, 3, 3, 3]);
    expect(shape.cut).toHaveLength(5);
  });
});

describe('a shape', () => {
  it.each([bridge, majoritiesRing])('is the same for the same seed, and another for others (%o)', make => {
    const drawn = (seed: number): string => make(names(6), createRandom(seed)).described;
    expect(drawn(3)).toBe(drawn(3));
    expect(new Set(Array.from({length: 20}, (_, seed) => drawn(seed))).size).toBeGreaterThan(10);
  });

  it.each([bridge, majoritiesRing])('cuts each pair at most once, and no node from itself (%o)', make => {
    fc.assert(
      fc.property(shapeOf(make), ({shape}) => {
        const pairs = shape.cut.map(pair => pair.toSorted().join());
        expect(new Set(pairs).size).toBe(pairs.length);
        expect(shape.cut.every(([a, b]) => a !== b)).toBe(true);
      }),
    );
  });
});
