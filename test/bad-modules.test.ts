import {writeFileSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {CheckResult} from '../src/labs/verdict.ts';
import {type Finished, type Learner, newLearner} from './support/learner.ts';
import {unlessBusy} from './support/unless-busy.ts';

const LAB = 'p0-00-first-break';

/** A module, and the code of its verdict. The slowest take about 20 s: a module that hangs gets its time. */
const MODULES: readonly (readonly [string, string, string])[] = [
  ['is no TypeScript', 'export const compose = async ( => {', 'DOES_NOT_BUILD'],
  ['throws as it is loaded', "throw new Error('at load');", 'DOES_NOT_LOAD'],
  ['exports nothing of use', 'export const compose = 42;', 'DOES_NOT_LOAD'],
  ['re-exports a default', "export {compose} from 'teralab/gateway/seams/compose';", 'NOT_YOURS'],
  ['ends the process as it is loaded', 'process.exit(0);', 'DOES_NOT_LOAD'],
  ['loops as it is loaded', 'for (;;) {}', 'DOES_NOT_LOAD'],
  [
    'throws when it is called',
    "export const compose = async () => { throw new Error('called'); };",
    'BREAKS_THE_SERVICE',
  ],
  ['loops when it is called', 'export const compose = async () => { for (;;) {} };', 'BREAKS_THE_SERVICE'],
  ['never answers', 'export const compose = async () => new Promise(() => {});', 'BREAKS_THE_SERVICE'],
  [
    'takes all memory',
    'const kept = []; export const compose = async () => { for (;;) kept.push(new Array(1e6).fill(Math.random())); };',
    'BREAKS_THE_SERVICE',
  ],
];

describe.sequential('a module of the learner that', () => {
  let learner: Learner;

  beforeAll(() => {
    learner = newLearner();
    learner.take(LAB, 'start');
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it.each(MODULES)('%s fails the check with its code', async (_, source, code) => {
    writeFileSync(learner.labFile(LAB, 'compose.ts'), `${source}\n`);
    const {result, exitCode, stderr} = await unlessBusy(
      async () => check(learner),
      ({tasks}) => tasks[0]?.code === code,
    );
    const {verdict, tasks} = result;
    expect(tasks.map(task => task.code)).toEqual([code, code, code]);
    expect(verdict).toBe('fail');
    expect(exitCode).toBe(1);
    expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
  });

  it('was broken leaves a system that `up` makes whole, and the next check passes', async () => {
    const {exitCode, document} = await learner.json<StatusReport>('up');
    expect(exitCode).toBe(0);
    expect(document.nodes.filter(({state}) => state !== 'ready')).toEqual([]);
    learner.take(LAB, 'solution');
    const {result, exitCode: passed} = await unlessBusy(
      async () => check(learner),
      () => false,
    );
    expect(result.verdict, JSON.stringify(result.tasks)).toBe('pass');
    expect(passed).toBe(0);
  });
});

async function check(learner: Learner): Promise<Finished & {readonly result: CheckResult}> {
  const finished = await learner.run('check', LAB, '--seed', '1', '--json');
  return {...finished, result: JSON.parse(finished.stdout) as CheckResult};
}
