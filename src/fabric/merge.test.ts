import {describe, expect, it} from 'vitest';
import {Exchange} from './http/exchange.ts';
import type {Item} from './lane.ts';
import {merge, split} from './merge.ts';

const bytes = (text: string, completes?: readonly Exchange[]): Item => ({
  kind: 'bytes',
  bytes: Buffer.from(text),
  ...(completes === undefined ? {} : {completes}),
});
const exchange = (path: string): Exchange =>
  new Exchange(0, {method: 'GET', path, idempotencyKey: undefined, traceparent: undefined});

describe('merge', () => {
  it('joins small pieces, with what they complete, and keeps closings in their place', () => {
    const [first, second] = [exchange('/1'), exchange('/2')];
    const items = merge([bytes('a', [first]), bytes('b'), bytes('c', [second]), {kind: 'end'}, bytes('d')]);
    expect(items).toEqual([bytes('abc', [first, second]), {kind: 'end'}, bytes('d')]);
  });

  it('leaves large pieces as they are, and makes none larger than 64 KiB', () => {
    const large = bytes('x'.repeat(20_000));
    expect(merge([bytes('a'), large, bytes('b')])).toEqual([bytes('a'), large, bytes('b')]);
    const merged = merge(Array.from({length: 200}, () => bytes('y'.repeat(1_000))));
    const sizes = merged.map(item => (item.kind === 'bytes' ? item.bytes.length : 0));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
    expect(sizes.length).toBe(4);
  });
});

describe('split', () => {
  it('leaves what an item completes to its last piece', () => {
    const one = exchange('/1');
    expect(split({kind: 'bytes', bytes: Buffer.from('abc'), completes: [one]}, 1)).toEqual([
      bytes('a'),
      bytes('bc', [one]),
    ]);
  });
});
