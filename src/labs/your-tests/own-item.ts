import {join} from 'node:path';
import type {JudgedFile} from '../build-seam.ts';
import type {RunContext} from '../run/context.ts';
import {readShape} from '../run/shape.ts';
import type {LabSystem} from '../system.ts';
import {inconclusive, type Judgement, type TaskVerdict} from '../verdict.ts';
import {SCHEMA_PREFIX} from './bench-databases.ts';
import {benchFile} from './bench-file.ts';
import {YOUR_TESTS_TASK} from './item.ts';
import type {YourTestsEntries} from './lane.ts';
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
  const {node} = yourTests;
  if (node !== undefined) await haveDatabases(context, files);
  const tried = tryTests({
    lab,
    yourTests,
    files,
    outFolder,
    labFolder: places.labFolder,
    benchFile: await benchFile({id: lab.id, outFolder, ...places}),
    databaseUrl: node === undefined ? undefined : system.databaseUrl(node),
    entries: places.entries,
    random: random.stream('your tests'),
    signal,
  });
  const {judgement, judged} = await tried.finally(async () => node !== undefined && dropSchemas(system, node));
  const {id, title} = YOUR_TESTS_TASK;
  return {task: {id, title, ...(mode === 'quick' ? looked(judgement) : judgement), extra: true}, judged};
}

/** After a lab that has a shape of its own the databases of this one may not be there. */
async function haveDatabases(context: RunContext, files: string): Promise<void> {
  const {lab, system} = context;
  const shape = await readShape(lab, files);
  // What cannot be read is told by the run.
  if ('stopped' in shape || system.hasShape(shape.topology)) return;
  const say = (text: string): void => context.emit({type: 'note', text});
  await context.settled(system.reset({topology: shape.topology, replicas: lab.replicas ?? {}, seams: [], say}));
}

/** A bench that was ended in the midst of a test leaves its schema. */
async function dropSchemas(system: LabSystem, node: string): Promise<void> {
  const left = await system.sql<{name: string}>(
    node,
    `select nspname as name from pg_namespace where nspname like '${SCHEMA_PREFIX}%'`,
  );
  for (const {name} of left) await system.sql(node, `drop schema if exists ${name} cascade`);
}

function looked(judgement: Judgement): Judgement {
  if (judgement.verdict !== 'pass') return judgement;
  const {observed, expected} = judgement;
  return inconclusive('QUICK_LOOK', `a quick look cannot pass; otherwise: ${observed}`, expected);
}
