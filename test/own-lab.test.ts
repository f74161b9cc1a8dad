import {cpSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {CheckResult} from '../src/labs/verdict.ts';
import type {VerifyRow} from '../src/labs/verify.ts';
import {type Learner, newLearner, root} from './support/learner.ts';

const ID = 'p2-90-whole-pages';

/** The first commands of docs/authoring-labs.md, as words: they make a lab, prove it, and show it. */
const [make = [], verify = [], read = []] = (
  /^```sh\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'docs', 'authoring-labs.md'), 'utf8'))?.[1] ?? ''
)
  .trim()
  .split('\n')
  .map(line => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));

let learner: Learner;
let labs: string;
beforeAll(async () => {
  learner = newLearner();
  labs = join(learner.folder, 'labs-of-ours');
  expect(await learner.run(...make)).toMatchObject({exitCode: 0});
});
afterAll(() => learner[Symbol.asyncDispose]());

const progress = () => {
  const file = join(learner.env.TERALAB_HOME ?? '', 'data', 'progress.json');
  return JSON.parse(readFileSync(file, 'utf8')).labs[ID];
};
const checked = async (...args: string[]) => {
  const {document} = await learner.json<CheckResult>('check', ID, '--labs', labs, ...args);
  return document;
};
/** The interval around what the question's own figures say. */
const predicted = (question: string): string => {
  const [, perSecond, refusedMs] = /^(\d+) clients.*for (\d+) ms/m.exec(question) ?? [];
  const count = (Number(perSecond) * Number(refusedMs)) / 1_000;
  return `${Math.floor(count - 5)}..${Math.floor(count - 5) + 10}`;
};

describe('a lab of one’s own', () => {
  it('is made whole: its start fails, its wrong fixes are refused, its solution passes, its own predictions hold', async () => {
    const {exitCode, document} = await learner.json<VerifyRow[]>(...verify);
    expect(document.map(({variant, codes}) => `${variant}: ${codes.join()}`)).toEqual([
      'start: PAGE_LOST',
      'wrong/empty-instead: GAP_NOT_NAMED',
      'wrong/without-stream: PART_DROPPED',
      'solution: ',
    ]);
    expect(exitCode).toBe(0);
  });

  it('stands on the path beside the others, and is unknown without its folder', async () => {
    const {document} = await learner.json<{id: string}[]>('labs', '--labs', labs);
    expect(document.map(({id}) => id)).toContain(ID);
    expect((await learner.run(...read)).stdout).toContain('whole pages');
    expect((await learner.run('lab', ID)).stderr).toContain('UNKNOWN_LAB');
    expect((await learner.run('labs', '--labs', learner.folder)).stderr).toContain('a lab is a folder with a lab.ts');
  });

  it('is not broken before a prediction is sealed, which its run scores and nothing changes', async () => {
    const refused = await learner.run('break', ID, '--labs', labs);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('PREDICTION_NEEDED');
    expect(refused.stderr).toContain('--predict LOW..HIGH');
    const answer = predicted(refused.stderr);
    const ran = await learner.run('break', ID, '--labs', labs, '--predict', answer);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('You predicted');
    const [record] = progress().predictions;
    expect(record).toMatchObject({moment: 'break', sealed: {answer: {}}, scored: {right: true}});
    expect(record.sealed.at).toBeLessThan(record.scored.at);
    expect((await learner.run('break', ID, '--labs', labs, '--seed', '7')).exitCode).toBe(0);
  });

  it('is passed once its question was answered right the first time; a wrong answer brings another question', async () => {
    expect(await checked()).toMatchObject({verdict: 'fail'});
    cpSync(join(labs, ID, 'solution', 'compose.ts'), learner.labFile(ID, 'compose.ts'));
    const open = await checked();
    expect(open.verdict).toBe('inconclusive');
    expect(open.tasks.at(-1)).toMatchObject({id: 'prediction', code: 'NOT_PREDICTED'});
    const wrong = await checked('--predict', '0..1');
    expect(wrong).toMatchObject({verdict: 'fail', tasks: [{}, {}, {code: 'WRONG_PREDICTION'}]});
    const again = await checked();
    const question = again.tasks.at(-1)?.evidence[0] ?? '';
    expect(question).not.toBe(open.tasks.at(-1)?.evidence[0]);
    expect(await checked('--predict', predicted(question))).toMatchObject({verdict: 'pass'});
    expect(progress()).toMatchObject({passes: [{}], attempts: 5});
    // It is right once and for all.
    expect(await checked()).toMatchObject({verdict: 'pass'});
  });
});
