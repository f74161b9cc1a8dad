import {expect, it} from 'vitest';
import {newId} from './ids.ts';

it('makes UUIDs of version 7 that sort by time', () => {
  const ids = [1, 2, 1_700_000_000_000, 1_700_000_000_001].map(now => newId({now: () => now}));
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId({now: () => 1})).not.toBe(newId({now: () => 1}));
});
