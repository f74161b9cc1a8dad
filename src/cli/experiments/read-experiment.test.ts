import {expect, it} from 'vitest';
import {needExperiment, readyExperiments} from './read-experiment.ts';

it('finds every experiment that comes along by its name: right, with a seed, and with what it is expected to come to', async () => {
  const names = await readyExperiments();
  expect(names.length).toBeGreaterThanOrEqual(12);
  for (const name of names) {
    const {experiment} = await needExperiment(name);
    expect([name, experiment.seed, experiment.expected]).toEqual([name, expect.any(Number), expect.any(String)]);
    expect(experiment.hypothesis?.probes.length).toBeGreaterThan(0);
  }
});

it('says which one was probably meant, and that there is no such file', async () => {
  await expect(needExperiment('slow-identty')).rejects.toMatchObject({
    code: 'UNKNOWN_EXPERIMENT',
    message: expect.stringContaining('"slow-identity"'),
  });
  await expect(needExperiment('./slow-identity')).rejects.toMatchObject({
    code: 'UNKNOWN_EXPERIMENT',
    message: 'There is no file ./slow-identity.',
  });
});
