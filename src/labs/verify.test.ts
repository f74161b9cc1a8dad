import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {LabError} from '../errors.ts';
import {fakeSystem} from './fake-system.ts';
import {type AnyLab, defineLab} from './lab.ts';
import {lintLab} from './lint.ts';
import {runCheck} from './run-check.ts';
import {typeCheckLab} from './type-check.ts';
import {type CheckResult, fail, inconclusive, pass} from './verdict.ts';
import {expectations, type Proof, type ProofJob, type ProvingSystem, proveAll} from './verify.ts';

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const id = 'p2-04-no-lost-events';
let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'teralab-verify-'));
  folder = join(root, id);
  for (const variant of ['start', 'solution', 'wrong/one', 'wrong/two']) {
    await mkdir(join(folder, variant), {recursive: true});
    await writeFile(
      join(folder, variant, 'publisher.ts'),
      `import type {CreatePublisher} from 'teralab/identity/seams/publisher';
import {randomUUID} from 'node:crypto';
export const variant = '${variant}';
export const createPublisher: CreatePublisher = ({database, log}) => ({
  save: async (_event, work) => {
    log.info({id: randomUUID(), after: setTimeout}, 'saving');
    return database.transaction(work);
  },
});
`,
    );
  }
});
afterEach(() => rm(root, {recursive: true, force: true}));

/** Judges by the variant that was loaded last. */
function labThat(judge: (variant: string) => ReturnType<typeof pass>): {
  lab: AnyLab;
  system: ReturnType<typeof fakeSystem>;
} {
  let variant = '';
  const system = fakeSystem();
  const operation = {id: 'op', name: 'op', atMs: 0, request: {method: 'GET', path: '/'}, patienceMs: 10} as const;
  const load = () => ({operations: [operation]});
  const lab = defineLab({
    id,
    title: 'No lost events',
    phase: 2,
    weeks: [5, 6],
    objective: 'distributed transactions',
    concepts: [],
    minutes: 40,
    needs: [],
    watch: 'missing events',
    seams: {identity: {publisher: 'publisher.ts'}},
    baseline: {load, okShareMin: 0.9},
    load,
    faults: () => [],
    recovery: {withinMs: 1_000},
    final: async () => ({}),
    summary: () => [],
    tasks: [
      {
        id: 'nothing-missing',
        title: 'Nothing is missing',
        judges: 'counting',
        codes: ['EVENT_MISSING'],
        judge: () => judge(variant),
      },
    ],
    wrong: ['one', 'two'].map(name => ({name, task: 'nothing-missing', code: 'EVENT_MISSING', why: 'it is quick'})),
  }) as AnyLab;
  return {
    lab,
    system: {
      ...system,
      reset: async options => {
        const [seam] = options.seams;
        if (seam) variant = String(((await import(/* @vite-ignore */ seam.file)) as {variant: string}).variant);
        return [];
      },
    },
  };
}

/** Runs each variant as the controller would, on a recording system. */
function onRecordingSystem({lab, system}: ReturnType<typeof labThat>) {
  return proveAll(jobsOf(lab), [
    {
      runtime: 'process',
      broker: 'postgres',
      check: async ({expectation: {variant}, seed}) => {
        const run = {lab, system, seed, files: join(folder, variant), runFolder: join(root, 'runs', variant)};
        return (await runCheck({...run, emit: () => undefined, signal: new AbortController().signal})).result;
      },
    },
  ]);
}

const jobsOf = (lab: AnyLab): readonly ProofJob[] =>
  expectations(lab).map(expectation => ({lab, expectation, seed: 1}));

const missing = fail('EVENT_MISSING', '3 are missing', 'none is');

describe('verifying a lab', () => {
  it('holds when the start and every wrong fix fail and the solution passes', async () => {
    const proofs = await onRecordingSystem(labThat(variant => (variant === 'solution' ? pass('all', 'all') : missing)));
    expect(
      proofs.map(({row: {variant, expected, verdict, codes}, holds}) => [variant, expected, verdict, codes, holds]),
    ).toEqual([
      ['start', 'fail', 'fail', ['EVENT_MISSING'], true],
      ['wrong/one', 'fail nothing-missing/EVENT_MISSING', 'fail', ['EVENT_MISSING'], true],
      ['wrong/two', 'fail nothing-missing/EVENT_MISSING', 'fail', ['EVENT_MISSING'], true],
      ['solution', 'pass', 'pass', [], true],
    ]);
  });

  it('does not hold for a wrong fix that passes, nor for a solution that fails', async () => {
    const proofs = await onRecordingSystem(
      labThat(variant => (variant === 'wrong/one' ? pass('all', 'all') : missing)),
    );
    expect(proofs.filter(({holds}) => !holds).map(({row}) => [row.variant, row.verdict])).toEqual([
      ['wrong/one', 'pass'],
      ['solution', 'fail'],
    ]);
  });

  it('does not take code that does not build for a start that fails as it should', async () => {
    await writeFile(join(folder, 'start', 'publisher.ts'), 'export const =');
    const [start] = await onRecordingSystem(
      labThat(variant => (variant === 'solution' ? pass('all', 'all') : missing)),
    );
    expect(start?.row.codes).toEqual(['DOES_NOT_BUILD']);
    expect(start?.holds).toBe(false);
  });
});

describe('proving on several systems', () => {
  const {lab} = labThat(() => missing);
  const resultOf = (judgement: ReturnType<typeof pass>): CheckResult => ({
    lab: lab.id,
    verdict: judgement.verdict,
    seed: 1,
    runtime: 'process',
    tasks: [{id: 'nothing-missing', title: '', ...judgement}],
    durationMs: 1,
  });
  /** Answers what is right for the variant, unless told otherwise for its first runs. */
  function systems(count: number, otherwise: Readonly<Record<string, readonly ReturnType<typeof pass>[]>> = {}) {
    const runs: string[] = [];
    const left = new Map(Object.entries(otherwise).map(([variant, each]) => [variant, [...each]]));
    const make = (_: unknown, index: number): ProvingSystem => ({
      runtime: 'process',
      broker: 'postgres',
      check: async ({expectation: {variant}}) => {
        runs.push(`${index} ${variant}`);
        await new Promise(resolve => setImmediate(resolve));
        return resultOf(left.get(variant)?.shift() ?? (variant === 'solution' ? pass('all', 'all') : missing));
      },
    });
    return {runs, all: Array.from({length: count}, make)};
  }

  it('shares the work, and keeps the order of the proofs', async () => {
    const {runs, all} = systems(2);
    const proofs = await proveAll(jobsOf(lab), all);
    expect(proofs.map(({row, holds}) => [row.variant, holds])).toEqual([
      ['start', true],
      ['wrong/one', true],
      ['wrong/two', true],
      ['solution', true],
    ]);
    expect(runs.map(run => run[0]).toSorted()).toEqual(['0', '0', '1', '1']);
  });

  it('proves again, alone, what did not hold beside others', async () => {
    const busy = inconclusive('BUSY_MACHINE', 'busy', 'calm');
    const {runs, all} = systems(2, {solution: [busy, busy], 'wrong/one': [pass('all', 'all')]});
    const postponed: string[] = [];
    const onPostponed = ({row}: Proof): number => postponed.push(`${row.variant} ${row.verdict}`);
    const proofs = await proveAll(jobsOf(lab), all, {onPostponed});
    expect(proofs.every(({holds}) => holds)).toBe(true);
    expect(postponed.toSorted()).toEqual(['solution inconclusive', 'wrong/one pass']);
    // The solution once beside others, twice alone; each of the last three on one system.
    expect(runs.slice(4)).toEqual(['0 wrong/one', '0 solution', '0 solution']);
    expect(proofs.at(-1)?.retries).toBe(1);
  });

  it('tries again what stayed open in the task that it is about, whatever another task came to', async () => {
    const {all} = systems(1, {'wrong/two': [inconclusive('BUSY_MACHINE', 'busy', 'calm')]});
    const [system] = all;
    if (system === undefined) throw new Error('there is one system');
    const alsoElsewhere: ProvingSystem = {
      ...system,
      check: async job => {
        const result = await system.check(job);
        return result.verdict === 'pass'
          ? result
          : {
              ...result,
              verdict: 'fail',
              tasks: [...result.tasks, {id: 'another', title: '', ...fail('LATE', '2', '1')}],
            };
      },
    };
    const proofs = await proveAll(jobsOf(lab), [alsoElsewhere]);
    expect(proofs.map(({row, holds, retries}) => [row.variant, holds, retries])).toEqual([
      ['start', true, 0],
      ['wrong/one', true, 0],
      ['wrong/two', true, 1],
      ['solution', true, 0],
    ]);
  });

  it('tries again what the machine refused, but not what was interrupted', async () => {
    const {all} = systems(1);
    const [system] = all;
    if (system === undefined) throw new Error('there is one system');
    const refusing = (code: LabError['code']): ProvingSystem => {
      let refused = 0;
      return {
        ...system,
        check: async job => {
          if (job.expectation.variant === 'solution' && refused++ === 0) throw new LabError(code, 'It could not be.');
          return system.check(job);
        },
      };
    };
    const proofs = await proveAll(jobsOf(lab), [refusing('PORT_TAKEN')]);
    expect(proofs.map(({row, holds, retries}) => [row.variant, holds, retries]).at(-1)).toEqual(['solution', true, 1]);
    await expect(proveAll(jobsOf(lab), [refusing('INTERRUPTED')])).rejects.toThrow('It could not be.');
  });

  it('tries what is inconclusive twice more, and goes on past a lab that is broken', async () => {
    const busy = inconclusive('BUSY_MACHINE', 'busy', 'calm');
    const {all} = systems(1, {'wrong/two': [busy, busy, busy]});
    const [system] = all;
    if (system === undefined) throw new Error('there is one system');
    const broken: ProvingSystem = {
      ...system,
      check: async job => {
        if (job.expectation.variant === 'start') throw new LabError('BROKEN_LAB', 'Its judge threw.');
        return system.check(job);
      },
    };
    const proofs = await proveAll(jobsOf(lab), [broken]);
    expect(proofs.map(({row, holds, retries}) => [row.variant, row.codes, holds, retries])).toEqual([
      ['start', ['BROKEN_LAB'], false, 0],
      ['wrong/one', ['EVENT_MISSING'], true, 0],
      ['wrong/two', ['BUSY_MACHINE'], false, 2],
      ['solution', [], true, 0],
    ]);
  });
});

describe('looking at the files of a lab', () => {
  const {lab} = labThat(() => missing);
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

  it('finds nothing in a complete one', async () => {
    await write('brief.md', 'Watch the **missing events**.\n\n1. Nothing is\n   missing');
    await write('hints.md', '## nothing-missing / EVENT_MISSING / 1\nWhat happens when?');
    for (const name of ['debrief.md', 'teach.md']) await write(name, 'text');
    expect(await lintLab(lab, folder)).toEqual([]);
  });

  it('names what is missing, too long or undeclared', async () => {
    await write('brief.md', 'short');
    await mkdir(join(folder, 'wrong', 'forgotten'));
    await rm(join(folder, 'wrong', 'two', 'publisher.ts'));
    await write(join('solution', 'publisher.ts'), 'line();\n'.repeat(80));
    const findings = (await lintLab(lab, folder)).map(({level, text}) => `${level}: ${text}`);
    expect(findings).toEqual([
      'error: hints.md is missing or empty',
      'error: debrief.md is missing or empty',
      'error: teach.md is missing or empty',
      'error: hints.md: nothing-missing / EVENT_MISSING has no hint',
      'error: brief.md does not name the task "Nothing is missing"',
      'error: brief.md does not name the number to watch, "missing events"',
      'error: wrong/two/publisher.ts is missing',
      'error: wrong/forgotten is not declared in lab.ts',
      expect.stringMatching(/^warning: solution\/publisher.ts has 80 lines/),
    ]);
  });

  it('checks the types of every variant as a workspace would', async () => {
    const places = {folder, templates: here('templates/workspace'), services: here('services')};
    const variants = ['start', 'solution'];
    expect(await typeCheckLab({id, variants}, places)).toEqual([]);
    await write(join('start', 'publisher.ts'), 'export const wrong: number = "text";');
    expect((await typeCheckLab({id, variants}, places))?.[0]).toMatch(
      /^labs\/p2-04-no-lost-events\/start\/publisher\.ts\(1,14\): error TS2322/,
    );
  });
});
