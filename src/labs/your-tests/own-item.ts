import {join} from 'node:path';
import type {JudgedFile} from '../build-seam.ts';
import type {RunContext} from '../run/context.ts';
import {inconclusive, type Judgement, type TaskVerdict} from '../verdict.ts';
import {benchFile} from './bench-file.ts';
import {YOUR_TESTS_TASK} from './item.ts';
import type {YourTestsEntries} from './run-once.ts';
import {tryTests} from './try-tests.ts';

/** Where everything is that the learner's tests run with. */
export interface YourTestsPlaces {
  /** The lab's own folder: `start/`, `solution/`, `wrong/`, `bench.ts`. */
  readonly labFolder: string;
  /** The package's labs as they were built. */
  readonly builtLabs: string;
  readonly packageFolder: string;
  readonly entries: YourTestsEntries;
}

export interface OwnItem {
  readonly task: TaskVerdict;
  readonly judged: readonly JudgedFile[];
}

/** Judges the learner's own tests as an item of the checklist; undefined where the lab asks for none. Errors: BROKEN_LAB, INTERRUPTED. */
export async function judgeYourTests(
  context: RunContext,
  files: string,
  places: YourTestsPlaces | undefined,
): Promise<OwnItem | undefined> {
  const {lab, system, folder, random, signal, mode} = context;
  const {yourTests} = lab;
  if (yourTests === undefined || places === undefined) return undefined;
  context.emit({type: 'phase', phase: 'prepare', text: 'your tests run against what is right and what is wrong'});
  const outFolder = join(folder, 'your-tests');
  const {judgement, judged} = await tryTests({
    lab,
    yourTests,
    files,
    outFolder,
    labFolder: places.labFolder,
    benchFile: await benchFile({id: lab.id, outFolder, ...places}),
    databaseUrl: yourTests.node === undefined ? undefined : system.databaseUrl(yourTests.node),
    entries: places.entries,
    random: random.stream('your tests'),
    signal,
  });
  const {id, title} = YOUR_TESTS_TASK;
  return {task: {id, title, ...(mode === 'quick' ? looked(judgement) : judgement), extra: true}, judged};
}

function looked(judgement: Judgement): Judgement {
  if (judgement.verdict !== 'pass') return judgement;
  const {observed, expected} = judgement;
  return inconclusive('QUICK_LOOK', `a quick look cannot pass; otherwise: ${observed}`, expected);
}
