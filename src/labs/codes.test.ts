import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {createCatalogue} from './catalogue.ts';

const labsFolder = fileURLToPath(new URL('../../labs', import.meta.url));

/** Every string that a lab's own tests hold. */
function testsOf(id: string): string {
  const folder = join(labsFolder, id);
  return readdirSync(folder)
    .filter(name => name.endsWith('.test.ts'))
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

describe('the fail codes of the labs', async () => {
  const labs = await createCatalogue({labsFolder}).list();

  it.each(labs.map(lab => [lab.id, lab] as const))('%s has none that nothing comes to', (id, lab) => {
    const tests = testsOf(id);
    const refused = new Set(lab.wrong.map(({task, code}) => `${task}/${code}`));
    const unshown = lab.tasks
      .flatMap(task => task.codes.map(code => ({name: `${task.id}/${code}`, code})))
      .filter(({name, code}) => !refused.has(name) && !new RegExp(`\\b${code}\\b`).test(tests));
    expect(unshown.map(({name}) => name)).toEqual([]);
  });
});
