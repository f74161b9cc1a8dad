import {fileURLToPath} from 'node:url';
import {expect, it} from 'vitest';
import {seamTypeFiles} from './seam-types.ts';

const services = fileURLToPath(new URL('../../services', import.meta.url));

it('gives learners contracts that explain themselves: each says what a module that replaces it exports', async () => {
  const contracts = (await seamTypeFiles(services)).filter(({path}) => /^[a-z]+\/seams\/[a-z-]+\.ts$/.test(path));
  expect(contracts.length).toBeGreaterThan(10);
  const silent = contracts.filter(
    ({text}) => !/exports?\s+(\*\s+)?`/.test(text) && !/^export type (\*|\{)/m.test(text),
  );
  expect(silent.map(({path}) => path)).toEqual([]);
});
