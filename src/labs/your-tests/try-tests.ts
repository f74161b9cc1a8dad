import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import type {Random} from '../../random.ts';
import {buildSeam, type JudgedFile, type SeamBuild} from '../build-seam.ts';
import type {AnyLab, YourTests} from '../lab.ts';
import {fail, type Judgement} from '../verdict.ts';
import {judgeRuns, noTests, type Run, type Variant} from './judge-runs.ts';
import {openLane, type RunSaid, type YourTestsEntries} from './lane.ts';

const BOUNDS: TryBounds = {rightRuns: 3, wrongRuns: 1, runMsMax: 12_000};
/** Runs side by side. Most of their time they start. */
const SIDE_BY_SIDE = 3;

export interface TryTests {
  readonly lab: AnyLab;
  readonly yourTests: YourTests;
  /** Folder of the learner's files, with the tests in it. */
  readonly files: string;
  /** The lab's own folder: `start/`, `solution/`, `wrong/`. */
  readonly labFolder: string;
  /** The built module of the lab's bench. */
  readonly benchFile: string;
  readonly databaseUrl: string | undefined;
  readonly entries: YourTestsEntries;
  /** Where modules are built. */
  readonly outFolder: string;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Default: what a check takes. */
  readonly bounds?: Partial<TryBounds>;
}

export interface TryBounds {
  /**
   * How often tests are run against each right variant, and each wrong one. Tests that fail by chance, with the best of all chances, pass
   * once in 450 times where there are seven wrong ones and one right one, once in 7,900 times where there are two right ones.
   */
  readonly rightRuns: number;
  readonly wrongRuns: number;
  /** What one run takes at most, ms: far above what its tests may take together before the first of them hangs. */
  readonly runMsMax: number;
}

export interface Tried {
  readonly judgement: Judgement;
  readonly judged: readonly JudgedFile[];
}

/** Runs the learner's tests against every variant of the lab, in a drawn order, and judges them. Errors: BROKEN_LAB, INTERRUPTED. */
export async function tryTests(options: TryTests): Promise<Tried> {
  const {yourTests, files, outFolder, entries, signal, random} = options;
  const tests = await buildSeam({service: 'your', seam: 'tests', folder: files, file: yourTests.file}, outFolder);
  if (!tests.ok) return {judgement: notBuilt(tests, yourTests.file), judged: []};
  const {rightRuns, wrongRuns, runMsMax} = {...BOUNDS, ...options.bounds};
  const variants = await buildVariants(options);
  const planned = random.shuffle(
    variants.flatMap(each => Array.from({length: each.variant.isRight ? rightRuns : wrongRuns}, () => each)),
  );
  const runs: Run[] = [];
  const work = async (): Promise<void> => {
    const lane = openLane({entries, runMsMax, signal});
    try {
      for (let next = planned.shift(); next !== undefined; next = planned.shift()) {
        const {variant, file} = next;
        const bench = {bench: options.benchFile, variant: file, databaseUrl: options.databaseUrl};
        const said = await lane.run({file: tests.seam.file}, bench);
        runs.push({variant, said});
        // What no other run would change.
        if (decides(variant, said)) planned.length = 0;
      }
    } finally {
      // Also where one of them has failed: the others begin nothing more.
      planned.length = 0;
      lane.close();
    }
  };
  const lanes = await Promise.allSettled(Array.from({length: SIDE_BY_SIDE}, work));
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  return {judgement: judgeRuns(runs), judged: tests.judged};
}

function decides({isRight}: Variant, {said}: RunSaid): boolean {
  if (said === 'hung') return isRight;
  return said !== 'passed' && said !== 'failed';
}

/** What the tests of a lab are run against. */
export function variantsOf(lab: AnyLab, {right = [], unseen = {}}: YourTests): readonly Variant[] {
  return [
    {name: 'start', isRight: false, why: 'what the lab starts with'},
    {name: 'solution', isRight: true, why: 'the reference'},
    ...right.map(({name, why}) => ({name: `right/${name}`, isRight: true, why})),
    ...lab.wrong
      .filter(({name}) => unseen[name] === undefined)
      .map(({name, why}) => ({name: `wrong/${name}`, isRight: false, why})),
  ];
}

async function buildVariants({lab, yourTests, labFolder, outFolder}: TryTests) {
  const [seam] = Object.entries(lab.seams).flatMap(([service, seams]) =>
    Object.entries(seams).map(([name, file]) => ({service, seam: name, file})),
  );
  if (seam === undefined) throw new LabError('BROKEN_LAB', `Lab ${lab.id} has no seam whose tests it could ask for.`);
  return Promise.all(
    variantsOf(lab, yourTests).map(async variant => {
      const built = await buildSeam({...seam, folder: join(labFolder, variant.name)}, outFolder);
      if (!built.ok)
        throw new LabError('BROKEN_LAB', `Lab ${lab.id}: its ${variant.name} cannot be built: ${built.observed}`);
      return {variant, file: built.seam.file};
    }),
  );
}

function notBuilt({code, observed, evidence}: SeamBuild & {ok: false}, file: string): Judgement {
  if (code === 'NOT_YOURS' && observed.startsWith('there is no file')) return noTests(`${file} is not there`);
  return fail(code, observed, 'the tests are code of your own, and valid TypeScript', evidence);
}
