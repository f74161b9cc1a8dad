import {fileURLToPath} from 'node:url';
import {expect, it} from 'vitest';
import {seamTypeFiles} from './seam-types.ts';

const services = fileURLToPath(new URL('../../services', import.meta.url));

it('gives learners contracts that explain themselves: each says what a module that replaces it exports', async () => {
  const contracts = (await seamTypeFiles(services)).filter(({path}) => /^[a-z]+\/seams\/[a-z-]+\.ts$/.test(path));
  expect(contracts.length).toBeGreaterThan(10);
  // What several contracts share is explained where it is used.
  const shared = new Set(
    contracts.flatMap(({path, text}) =>
      [...text.matchAll(/from '\.\/([a-z-]+\.ts)'/g)].map(
        ([, name]) => `${path.slice(0, path.lastIndexOf('/'))}/${name}`,
      ),
    ),
  );
  const explains = (text: string): boolean => /exports?\s+(\*\s+)?`/.test(text) || /^export type (\*|\{)/m.test(text);
  const silent = contracts.filter(({path, text}) => !shared.has(path) && !explains(text));
  expect(silent.map(({path}) => path)).toEqual([]);
});
