import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import type {Topology} from '../../topology/topology.ts';
import {buildSeam, type JudgedFile} from '../build-seam.ts';
import type {AnyLab} from '../lab.ts';
import type {BuiltSeam, NodeEvent} from '../system.ts';
import {fail} from '../verdict.ts';
import {replacedServices, telling} from './blame.ts';
import type {RunContext, Stopped} from './context.ts';
import {readShape} from './shape.ts';

export interface Prepared {
  readonly judged: readonly JudgedFile[];
}

/** Builds the learner's modules, and gives the lab a fresh system that runs them. */
export async function prepare(context: RunContext, files: string, givenFolder?: string): Promise<Prepared | Stopped> {
  const built = await buildSeams(context.lab, files, join(context.folder, 'seams'));
  if ('stopped' in built) return built;
  const shape = await readShape(context.lab, files);
  if ('stopped' in shape) return shape;
  const seams = [...built.seams, ...(await buildGiven(context, givenFolder))];
  const refused = await startFresh(context, seams, shape.topology);
  return refused ?? {judged: [...built.judged, ...shape.judged]};
}

/** Builds every module that a lab replaces. What cannot be built fails every task. */
export async function buildSeams(
  lab: AnyLab,
  files: string,
  outFolder: string,
): Promise<{readonly seams: readonly BuiltSeam[]; readonly judged: readonly JudgedFile[]} | Stopped> {
  const seams: BuiltSeam[] = [];
  const judged = new Map<string, JudgedFile>();
  for (const [service, files_] of Object.entries(lab.seams)) {
    for (const [seam, file] of Object.entries(files_)) {
      const built = await buildSeam({service, seam, folder: files, file}, outFolder);
      if (!built.ok) return {stopped: fail(built.code, built.observed, EXPECTED[built.code], built.evidence)};
      seams.push(built.seam);
      for (const source of built.judged) judged.set(source.file, source);
    }
  }
  return {seams, judged: [...judged.values()]};
}

/** What the lab itself replaces. That it cannot be built is the lab's fault. */
async function buildGiven({lab, folder}: RunContext, givenFolder: string | undefined): Promise<readonly BuiltSeam[]> {
  const wanted = Object.entries(lab.given ?? {}).flatMap(([service, seams]) =>
    Object.entries(seams).map(([seam, file]) => ({service, seam, file})),
  );
  return Promise.all(
    wanted.map(async seam => {
      if (givenFolder === undefined)
        throw new LabError('BROKEN_LAB', `Lab ${lab.id} has files of its own to give, and nobody said where they are.`);
      const built = await buildSeam({...seam, folder: givenFolder}, join(folder, 'seams', 'given'));
      if (!built.ok)
        throw new LabError('BROKEN_LAB', `Lab ${lab.id}: its ${seam.file} cannot be built: ${built.observed}`);
      return built.seam;
    }),
  );
}

const EXPECTED = {
  NOT_YOURS: 'only code of your own lab folder runs',
  DOES_NOT_BUILD: 'the file is valid TypeScript',
} as const;

async function startFresh(
  context: RunContext,
  seams: readonly BuiltSeam[],
  topology: Topology | undefined,
): Promise<Stopped | undefined> {
  const {lab, system} = context;
  const since = Date.now();
  let errors: readonly NodeEvent[];
  try {
    errors = await context.settled(
      system.reset({
        topology,
        replicas: lab.replicas ?? {},
        seams,
        later: lab.later ?? [],
        say: text => context.emit({type: 'note', text}),
      }),
    );
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'NODE_NOT_READY') throw error;
    errors = neverReady(context, since);
    if (errors.length === 0) throw error;
  }
  const [first, ...others] = errors;
  if (first === undefined) return undefined;
  const log = first.type === 'seam-error' ? [] : telling(await system.logTail(first.node, 50).catch(() => []));
  const evidence = [...others.slice(0, 3).map(event => `${event.node}: ${event.detail}`), ...log];
  return {
    stopped: fail(
      'DOES_NOT_LOAD',
      `${first.node} could not load your module: ${first.detail}`,
      'the service starts with it',
      evidence,
    ),
  };
}

/**
 * Events that lay it at the learner's door that the system did not become ready: a node of a replaced service ended or never answered,
 * while every other node became ready.
 */
function neverReady({lab, system}: RunContext, since: number): readonly NodeEvent[] {
  const events = system.events(since);
  const suspects = new Set(replacedServices(lab, system).flatMap(({nodes}) => nodes));
  const ready = new Set(events.filter(event => event.type === 'ready').map(event => event.node));
  const started = events.filter(event => event.type === 'started' && !ready.has(event.node));
  if (started.some(event => !suspects.has(event.node))) return [];
  const begun = (node: string): number => started.find(event => event.node === node)?.at ?? Number.POSITIVE_INFINITY;
  // The end of the node that was there before says nothing about the module.
  const said = events.filter(
    event => SAID.has(event.type) && suspects.has(event.node) && event.at >= begun(event.node),
  );
  if (said.length > 0) return said;
  return started.map(event => ({...event, detail: 'it did not become ready, and did not say why'}));
}

const SAID: ReadonlySet<NodeEvent['type']> = new Set(['seam-error', 'exit-called', 'exited', 'unresponsive']);

/** A lab's own code threw. What is a LabError already says what it is. */
export function labsFault(lab: {readonly id: string}, what: string, error: unknown): LabError {
  if (error instanceof LabError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new LabError('BROKEN_LAB', `Lab ${lab.id}: ${what} ended with an error: ${reason}`, {cause: error});
}
