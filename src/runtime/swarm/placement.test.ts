import {describe, expect, it} from 'vitest';
import {choosePlace, type Placed} from './placement.ts';

const node = (name: string): Placed => ({name, service: name.replace(/-\d+$/, '')});

function placeAll(names: readonly string[], machines: readonly string[]): readonly string[] {
  const placed: {node: Placed; machine: string}[] = [];
  for (const name of names) placed.push({node: node(name), machine: choosePlace(node(name), machines, placed) ?? ''});
  return placed.map(({node: {name}, machine}) => `${name} ${machine}`);
}

describe('where a node is placed', () => {
  it('is another machine than that of its like', () => {
    expect(placeAll(['identity-1', 'identity-2', 'identity-3'], ['a', 'b', 'c'])).toEqual([
      'identity-1 a',
      'identity-2 b',
      'identity-3 c',
    ]);
  });

  it('is the emptiest machine otherwise', () => {
    expect(placeAll(['gateway-1', 'identity-1', 'stream-1', 'identity-db'], ['a', 'b'])).toEqual([
      'gateway-1 a',
      'identity-1 b',
      'stream-1 a',
      'identity-db b',
    ]);
  });

  it('does not count where the node itself was', () => {
    const placed = [{node: node('identity-1'), machine: 'a'}];
    expect(choosePlace(node('identity-1'), ['a', 'b'], placed)).toBe('a');
  });

  it('is nowhere without a machine', () => {
    expect(choosePlace(node('identity-1'), [], [])).toBeUndefined();
  });
});
