import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {labPaths} from '../paths.ts';
import {createProcessRuntime} from '../runtime/process/process-runtime.ts';
import {FAULT_CATALOGUE} from './catalogue.ts';

it('the process runtime gives a reason for every fault that the catalogue says needs another one, and for no other', () => {
  const home = mkdtempSync(join(tmpdir(), 'teralab-abilities-'));
  const {missing} = createProcessRuntime({
    session: 'none',
    workspaceId: 'none',
    paths: labPaths({TERALAB_HOME: home}),
    serviceEntries: {},
    logFolder: home,
  }).describe();
  rmSync(home, {recursive: true});
  const elsewhere = FAULT_CATALOGUE.filter(({runtimes}) => runtimes?.includes('process') === false);
  expect(Object.keys(missing).sort()).toEqual(elsewhere.map(({kind}) => kind).sort());
  for (const {kind, runtimes} of elsewhere)
    if (runtimes?.includes('docker')) expect(missing[kind]).toContain('--runtime docker');
});
