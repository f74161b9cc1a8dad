import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {LabError} from '../errors.ts';
import {fakeRun} from './testing.ts';
import {watchAndCheck} from './watch-check.ts';

it('checks again after a save with new content, also after a check that threw, until it is interrupted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-watch-'));
  const file = join(folder, 'compose.ts');
  await writeFile(file, 'first');
  const {context, abort, stdout, stderr} = fakeRun({json: true});
  let checks = 0;
  const outcome = await watchAndCheck(context, [file], async () => {
    checks++;
    if (checks === 3) abort.abort(new LabError('INTERRUPTED', 'Interrupted.'));
    // Saved while the check runs: it counts too.
    await writeFile(file, `content ${checks}`);
    if (checks === 1) throw new LabError('BUSY', 'Something else is being run.');
  });
  expect(outcome).toBe('interrupted');
  expect(checks).toBe(3);
  expect(JSON.parse(stdout())).toMatchObject({error: {code: 'BUSY'}});
  expect(stderr()).toMatch(/Watching .*compose\.ts \((the system tells of saves|by looking three times a second)/);
  await rm(folder, {recursive: true});
});
