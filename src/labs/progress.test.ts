import {mkdtemp, readFile, rm, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openProgress, type RecordedCheck} from './progress.ts';
import {nextLab, standingOf} from './status.ts';
import {fail, pass, type TaskVerdict} from './verdict.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-progress-'));
});
afterEach(() => rm(folder, {recursive: true, force: true}));

const passed: TaskVerdict = {id: 'a', title: 'A', ...pass('1', '1')};
const failed: TaskVerdict = {id: 'b', title: 'B', ...fail('MISSING', '0', '1')};

function check(tasks: readonly TaskVerdict[], change: Partial<RecordedCheck> = {}): RecordedCheck {
  const verdict = tasks.some(task => task.verdict === 'fail') ? 'fail' : 'pass';
  const result = {lab: 'lab', verdict, seed: 5, runtime: 'process', tasks, durationMs: 1} as const;
  return {
    result,
    tasks: ['a', 'b'],
    runFolder: '/runs/1',
    judged: [{file: 'x.ts', sha256: 'f'}],
    quick: false,
    ...change,
  };
}

describe('progress', () => {
  it('begins empty and remembers what a check found', async () => {
    const progress = openProgress(folder, () => 42);
    expect(await progress.read()).toEqual({labs: {}});
    await progress.recordCheck(check([passed, failed]));
    expect((await openProgress(folder).read()).labs.lab).toEqual({
      attempts: 1,
      passes: [],
      last: {
        at: 42,
        verdict: 'fail',
        seed: 5,
        runFolder: '/runs/1',
        codes: [{task: 'b', verdict: 'fail', code: 'MISSING'}],
      },
      hintsShown: [],
      revealed: false,
      skipped: false,
    });
  });

  it('keeps each pass with its seed, its run and what was judged', async () => {
    const progress = openProgress(folder, () => 42);
    const {passes, attempts} = await progress.recordCheck(check([passed, {...passed, id: 'b'}]));
    expect({passes, attempts}).toEqual({
      attempts: 1,
      passes: [{at: 42, seed: 5, runtime: 'process', runFolder: '/runs/1', files: [{file: 'x.ts', sha256: 'f'}]}],
    });
  });

  it('counts neither a quick look nor one task of several as a pass', async () => {
    const progress = openProgress(folder);
    const looked = await progress.recordCheck(check([passed, {...passed, id: 'b'}], {quick: true}));
    const single = await progress.recordCheck(check([passed]));
    expect([looked, single].map(lab => [lab.passes.length, lab.attempts, lab.last?.verdict])).toEqual([
      [0, 0, 'inconclusive'],
      [0, 0, 'inconclusive'],
    ]);
  });

  it('remembers hints once, looking at the reference before a pass, and skipping until a pass', async () => {
    const progress = openProgress(folder);
    await progress.recordHint('lab', 'a/X/1');
    expect((await progress.recordHint('lab', 'a/X/1')).hintsShown).toEqual(['a/X/1']);
    expect((await progress.recordReveal('lab')).revealed).toBe(true);
    expect((await progress.recordSkip('lab')).skipped).toBe(true);
    expect((await progress.recordCheck(check([passed, {...passed, id: 'b'}]))).skipped).toBe(false);
    await progress.recordCheck({
      ...check([passed, {...passed, id: 'b'}]),
      result: {...check([passed]).result, lab: 'other', tasks: [passed, {...passed, id: 'b'}]},
    });
    expect((await progress.recordReveal('other')).revealed).toBe(false);
  });

  it('loses nothing of writers at the same time', async () => {
    const stores = Array.from({length: 8}, () => openProgress(folder));
    await Promise.all(stores.map((store, index) => store.recordHint('lab', `a/X/${index}`)));
    expect((await openProgress(folder).read()).labs.lab?.hintsShown).toHaveLength(8);
  });

  it('goes on after a writer was killed', async () => {
    const lock = join(folder, 'progress.json.lock');
    await writeFile(lock, '');
    await utimes(lock, 1, 1);
    expect((await openProgress(folder).recordSkip('lab')).skipped).toBe(true);
  });

  it('leaves a file of a newer version alone', async () => {
    const file = join(folder, 'progress.json');
    await writeFile(file, '{"version": 99, "labs": {"kept": true}}');
    await expect(openProgress(folder).recordSkip('lab')).rejects.toMatchObject({code: 'NEWER_VERSION'});
    expect(await readFile(file, 'utf8')).toContain('"kept": true');
  });
});

describe('the standing of a lab', () => {
  const one = {id: 'one', needs: []};
  const two = {id: 'two', needs: ['one', 'not-built']};
  const ids = ['one', 'two'];

  it('is blocked by what is built and neither passed nor skipped, and ignores what is not built', async () => {
    const progress = openProgress(folder);
    expect(standingOf(two, await progress.read(), ids)).toEqual({
      status: 'blocked',
      blockedBy: ['one'],
      notBuilt: ['not-built'],
    });
    await progress.recordSkip('one');
    expect(standingOf(two, await progress.read(), ids)).toMatchObject({status: 'open', blockedBy: []});
    expect(standingOf(one, await progress.read(), ids).status).toBe('skipped');
  });

  it('stays passed after a later fail, and is failed after a fail alone', async () => {
    const progress = openProgress(folder);
    await progress.recordCheck(check([failed]));
    expect(standingOf({id: 'lab', needs: []}, await progress.read(), ids).status).toBe('failed');
    await progress.recordCheck(check([passed, {...passed, id: 'b'}]));
    await progress.recordCheck(check([passed, failed]));
    expect(standingOf({id: 'lab', needs: []}, await progress.read(), ids).status).toBe('passed');
  });

  it('says which lab is next', async () => {
    const progress = openProgress(folder);
    expect(nextLab([two, one], await progress.read())?.id).toBe('one');
    await progress.recordSkip('one');
    expect(nextLab([one, two], await progress.read())?.id).toBe('two');
  });
});
