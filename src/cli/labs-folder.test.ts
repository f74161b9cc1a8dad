import {mkdir, mkdtemp, realpath, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {findLabs} from './labs-folder.ts';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'teralab-labs-')));
});
afterEach(() => rm(root, {recursive: true, force: true}));

async function labIn(...path: readonly string[]): Promise<string> {
  const folder = join(root, ...path);
  await mkdir(join(folder, 'p1-90-ours'), {recursive: true});
  await writeFile(join(folder, 'p1-90-ours', 'lab.ts'), '');
  return folder;
}

describe('the folder of other labs', () => {
  it('is one that holds labs, or has them in its labs/', async () => {
    const ours = await labIn('ours');
    expect(findLabs('ours', root, {})).toBe(ours);
    expect(findLabs(ours, '/', {})).toBe(ours);
    const course = await labIn('course', 'labs');
    expect(findLabs('course', root, {})).toBe(course);
  });

  it('is that of a package that is installed here or above', async () => {
    const labs = await labIn('node_modules', '@our-team', 'labs', 'labs');
    await mkdir(join(root, 'work', 'deep'), {recursive: true});
    expect(findLabs('@our-team/labs', join(root, 'work', 'deep'), {})).toBe(labs);
  });

  it('is named by --labs before TERALAB_LABS, and by nothing where neither is there', async () => {
    const [ours, theirs] = [await labIn('ours'), await labIn('theirs')];
    expect(findLabs(undefined, root, {TERALAB_LABS: theirs})).toBe(theirs);
    expect(findLabs('ours', root, {TERALAB_LABS: theirs})).toBe(ours);
    expect(findLabs(undefined, root, {TERALAB_LABS: ''})).toBeUndefined();
    expect(findLabs(undefined, root, {})).toBeUndefined();
  });

  it('without a lab is refused by name', async () => {
    await mkdir(join(root, 'empty'));
    expect(() => findLabs('empty', root, {})).toThrow('"empty" is none');
    expect(() => findLabs('no-such-package', root, {})).toThrow('"no-such-package" is none');
  });
});
