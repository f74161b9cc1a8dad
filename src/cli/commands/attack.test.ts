import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import type {CheckOptions, StatusReport} from '../../controller/protocol.ts';
import type {TimedFault} from '../../labs/lab.ts';
import {type CheckResult, combine, fail, type Judgement, pass} from '../../labs/verdict.ts';
import {parseFault} from '../parse/fault.ts';
import {fakeRun} from '../testing.ts';
import {run as attack} from './attack.ts';
import {run as beat} from './beat.ts';

const LAB = 'p0-00-first-break';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'teralab-attack-'));
  vi.stubEnv('TERALAB_HOME', join(home, 'home'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, {recursive: true, force: true});
});

const good = pass('all of them', 'all of them');
const bad = fail('PAGE_TOO_LATE', '3 of 50 came in time', '97 % do');
const result = (judgement: Judgement): CheckResult => ({
  lab: LAB,
  verdict: combine([judgement.verdict]),
  seed: 7,
  runtime: 'process',
  tasks: [{id: 'in-time', title: 'In time', ...judgement}],
  durationMs: 1,
});

/** A system on which each variant comes to what is said; the learner's own code is the variant without a name. */
function system(outcomes: Readonly<Record<string, Judgement>>) {
  const checks: CheckOptions[] = [];
  const run = fakeRun({
    json: true,
    workspace: join(home, 'teralab'),
    answers: {
      up: () => ({}) as StatusReport,
      check: options => {
        checks.push(options);
        return result(outcomes[options.variant ?? ''] ?? good);
      },
    },
  });
  return {...run, checks, document: () => JSON.parse(run.stdout())};
}

const faults: readonly TimedFault[] = parseFault('pause stream at=1s for=3s');

describe('an attack', () => {
  it('is won when the wrong fix breaks and the reference does not, and is on record', async () => {
    const {context, checks, document} = system({'wrong/one-second': bad});
    expect(await attack(context, LAB, {fix: 'one-second', fault: faults, seed: 7})).toBe('ok');
    expect(checks.map(({variant, seed, faults: given}) => [variant, seed, given])).toEqual([
      ['wrong/one-second', 7, faults],
      ['solution', 7, faults],
    ]);
    expect(document()).toMatchObject({fix: 'one-second', outcome: 'won', code: expect.stringMatching(/^tl1-/)});
    const progress = JSON.parse(await readFile(join(home, 'home', 'data', 'progress.json'), 'utf8'));
    expect(progress.labs[LAB]).toMatchObject({attacksWon: ['one-second'], passes: [], attempts: 0});
  });

  it('is not won by faults that break the reference too, nor asks the reference when the fix held', async () => {
    const both = system({'wrong/one-second': bad, solution: bad});
    expect(await attack(both.context, LAB, {fix: 'one-second', fault: faults, seed: 7})).toBe('fail');
    const held = system({});
    expect(await attack(held.context, LAB, {fix: 'one-second', fault: faults, seed: 7})).toBe('fail');
    expect(held.checks).toHaveLength(1);
  });

  it('shows the first wrong fix that was not broken yet, with its source', async () => {
    const first = system({});
    expect(await attack(first.context, LAB, {})).toBe('ok');
    const {fix, files, fixes} = first.document();
    expect(fix).toBe(fixes[0]);
    expect(files[0].text).toContain('compose');
    await attack(system({[`wrong/${fix}`]: bad}).context, LAB, {fault: faults, seed: 7});
    const second = system({});
    await attack(second.context, LAB, {});
    expect(second.document()).toMatchObject({fix: fixes[1], won: [fix]});
  });

  it('takes two faults at most, and only wrong fixes that there are', async () => {
    const {context} = system({});
    await expect(attack(context, LAB, {fault: [...faults, ...faults, ...faults]})).rejects.toThrow('one or two faults');
    await expect(attack(context, LAB, {fix: 'one-secund', fault: faults})).rejects.toThrow('Did you mean one-second?');
  });
});

describe('a schedule for a friend', () => {
  it('is the same run on the other side of its code', async () => {
    const made = system({'': bad});
    expect(await beat(made.context, 'p0-00', {fault: faults, seed: 7})).toBe('fail');
    const {code} = made.document();
    const friends = system({});
    expect(await beat(friends.context, code, {})).toBe('ok');
    expect(friends.checks).toEqual(made.checks);
    expect(friends.document()).toMatchObject({code, faults, result: {verdict: 'pass'}});
  });

  it('without faults has those of the lab, and what a code carries cannot be changed', async () => {
    const {context, checks, document} = system({});
    await beat(context, LAB, {seed: 3});
    expect(checks[0]).toEqual({lab: LAB, seed: 3, schedule: true});
    await expect(beat(context, document().code, {seed: 4})).rejects.toThrow('carries its seed');
  });
});
