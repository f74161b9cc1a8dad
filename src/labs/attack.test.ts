import {describe, expect, it} from 'vitest';
import {judgeAttack} from './attack.ts';
import {type CheckResult, combine, fail, inconclusive, type Judgement, pass} from './verdict.ts';

function result(...judgements: readonly Judgement[]): CheckResult {
  const tasks = judgements.map((judgement, index) => ({id: `task-${index + 1}`, title: '', ...judgement}));
  const verdict = combine(tasks.map(task => task.verdict));
  return {lab: 'p2-05', verdict, seed: 7, runtime: 'process', tasks, durationMs: 1};
}
const good = pass('fine', 'fine');
const bad = fail('NOT_CLOSED', 'never again', 'soon');
const open = inconclusive('NOTHING_TO_JUDGE', 'nothing', 'something');

describe('an attack on a wrong fix', () => {
  it('is won when the fix fails what the reference passes', () => {
    expect(judgeAttack(result(good, bad), result(good, good))).toEqual({
      outcome: 'won',
      because: 'task-2 failed with NOT_CLOSED, and the reference holds: never again',
    });
    expect(judgeAttack(result(good, bad), result(open, good)).outcome).toBe('won');
  });

  it('is not won by what breaks everything', () => {
    expect(judgeAttack(result(good, bad), result(good, bad))).toMatchObject({outcome: 'held'});
    expect(judgeAttack(result(good, bad), result(bad, good)).because).toContain('break the reference too');
  });

  it('is not won when the fix passes', () => {
    expect(judgeAttack(result(good, good), null).outcome).toBe('held');
  });

  it('stays open when nothing failed, or the reference could not be judged there', () => {
    expect(judgeAttack(result(good, open), null).outcome).toBe('open');
    expect(judgeAttack(result(good, bad), result(good, open)).outcome).toBe('open');
  });
});
