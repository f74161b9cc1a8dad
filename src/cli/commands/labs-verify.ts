import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ControllerClient} from '../../controller/connection.ts';
import type {StatusReport, UpOptions} from '../../controller/protocol.ts';
import type {AnyLab} from '../../labs/lab.ts';
import {
  expectations,
  type Proof,
  type ProofJob,
  type ProvingSystem,
  proveAll,
  staticProblems,
} from '../../labs/verify.ts';
import {byImportance} from '../../labs/verify-order.ts';
import type {RuntimeName} from '../../runtime/runtime.ts';
import type {BrokerEngine} from '../../topology/topology.ts';
import {tellCheck} from '../check-events.ts';
import {forgetWorkspace} from '../clean/forget.ts';
import type {Outcome} from '../command.ts';
import {showProgress} from '../connect.ts';
import type {Context} from '../context.ts';
import {type Learner, labOrder, openLearner, workspaceSources} from '../learner.ts';
import {seconds} from '../output/figures.ts';
import {paintErr} from '../output/paint.ts';
import {counted} from '../output/text.ts';
import {parseChoice} from '../parse/choice.ts';
import {drawSeed, SEED_MAX} from '../parse/number.ts';
import {renderProofs, type Todo} from '../render/verify.ts';
import {engineFor} from '../runtime-engine.ts';
import {stopSystem} from './down.ts';

export interface VerifyFlags {
  readonly seeds?: number;
  readonly seed?: number;
  readonly runtime?: RuntimeName;
  readonly variant?: string;
  readonly broker?: BrokerEngine;
  /** Time in which runs are begun, ms. */
  readonly within?: number;
  /** Systems side by side. */
  readonly jobs?: number;
}

const DAY_MS = 86_400_000;
/** Shown of each task that failed where it should not have. */
const EVIDENCE_LINES = 5;

export async function run(context: Context, names: readonly string[], flags: VerifyFlags): Promise<Outcome> {
  const learner = openLearner(context);
  const labs = await chooseLabs(learner, names);
  const todo = chooseVariants(labs, flags.variant);
  const first = flags.seed ?? drawSeed() % 2 ** 31;
  const seeds = Array.from({length: flags.seeds ?? 1}, (_, index) => (first + index) % (SEED_MAX + 1));
  const problems: string[] = [];
  for (const lab of labs) problems.push(...(await lint(context, lab, await learner.catalogue.folder(lab.id))));
  const {runtime, broker} = flags;
  const upOptions = {
    ...(runtime === undefined ? {} : {runtime}),
    ...(await engineFor(runtime)),
    ...(broker === undefined ? {} : {broker}),
  };
  const proofs = await inOwnSystems(context, upOptions, flags.jobs ?? 1, async systems =>
    verifyAll(context, systems, ordered(jobsOf(todo, seeds), flags.within), flags.within),
  );
  if (context.json) context.document(proofs.map(({row}) => row));
  else context.lines(renderProofs({todo, proofs, problems, first}, context.width));
  const leftOut = todo.reduce((sum, {only}) => sum + only.length * seeds.length, 0) - proofs.length;
  if (leftOut > 0) context.say(`${counted(leftOut, 'run')} had no time left; tomorrow it begins elsewhere.`);
  return problems.length === 0 && proofs.every(({holds}) => holds) ? 'ok' : 'fail';
}

/** The labs that were named, or all. */
async function chooseLabs(learner: Learner, names: readonly string[]): Promise<readonly AnyLab[]> {
  return names.length === 0 ? learner.catalogue.list() : Promise.all(names.map(async name => learner.pick(name)));
}

/** What is to be proved of each lab: all of it, or the one variant that was asked for. */
function chooseVariants(labs: readonly AnyLab[], variant: string | undefined): readonly Todo[] {
  const all = labs.map(lab => ({lab, only: expectations(lab)}));
  if (variant === undefined) return all;
  parseChoice(variant, '--variant', [...new Set(all.flatMap(({only}) => only.map(each => each.variant)))]);
  return all.map(({lab, only}) => ({lab, only: only.filter(each => each.variant === variant)}));
}

/** As many systems of their own as are to run side by side. */
async function inOwnSystems<T>(
  context: Context,
  upOptions: UpOptions,
  count: number,
  work: (systems: readonly ProvingSystem[]) => Promise<T>,
): Promise<T> {
  const start = async (systems: readonly ProvingSystem[]): Promise<T> =>
    systems.length === count
      ? work(systems)
      : inOwnSystem(context, upOptions, async (own, client, status) =>
          start([...systems, provingSystem(own, client, status, count === 1)]),
        );
  return start([]);
}

/** A workspace and a system of its own, so that the learner's stay as they are; both are removed afterwards. */
async function inOwnSystem<T>(
  context: Context,
  upOptions: UpOptions,
  work: (own: Context, client: ControllerClient, status: StatusReport) => Promise<T>,
): Promise<T> {
  const workspace = await mkdtemp(join(tmpdir(), 'teralab-verify-'));
  const own: Context = {...context, workspace};
  context.doing('stopping the run and its system');
  context.progress.step('starting a system for the proof');
  try {
    const client = await own.controllers.ensure(workspace, line => context.progress.step(line));
    try {
      const system = await client.call('up', upOptions, showProgress(own), context.signal);
      return await work(own, client, system);
    } finally {
      client.close();
    }
  } finally {
    // Also after Ctrl-C, whose signal is spent by then.
    await stopSystem({...own, signal: new AbortController().signal}, workspace).catch((error: unknown) =>
      context.say(`The system of the proof could not be stopped: ${String(error)}`),
    );
    await forgetWorkspace(workspace);
    await rm(workspace, {recursive: true, force: true});
  }
}

/** What matters most comes first where there may not be time for all. */
function ordered(jobs: readonly ProofJob[], within: number | undefined): readonly ProofJob[] {
  return within === undefined ? jobs : byImportance(jobs, Math.floor(Date.now() / DAY_MS));
}

/** Every lab, then every variant, then every seed. */
function jobsOf(todo: readonly Todo[], seeds: readonly number[]): readonly ProofJob[] {
  return todo.flatMap(({lab, only}) => only.flatMap(expectation => seeds.map(seed => ({lab, expectation, seed}))));
}

async function verifyAll(
  context: Context,
  systems: readonly ProvingSystem[],
  jobs: readonly ProofJob[],
  within = Number.POSITIVE_INFINITY,
): Promise<readonly Proof[]> {
  let begun = 0;
  const startedAt = performance.now();
  return proveAll(jobs, systems, {
    hasTime: () => performance.now() - startedAt < within,
    onStart: ({lab, expectation: {variant, expected}, seed}, alone) => {
      if (!alone) begun++;
      const count = alone ? 'alone' : `${begun}/${jobs.length}`;
      context.say(`[${count}] ${lab.id} ${variant}, seed ${seed}: is to ${expected}`);
    },
    onAgain: ({tasks}) =>
      context.say(`  inconclusive (${tasks.map(task => task.code ?? task.verdict).join(', ')}); once more`),
    onProof: proof => sayProof(context, proof, systems.length > 1),
    onPostponed: ({row: {lab, variant, verdict, codes}}) =>
      context.say(`  ${lab} ${variant} came to ${verdict} (${codes.join(', ')}) beside others; later alone`),
  });
}

/** Runs variants on the system of `own`; tells how each goes where there is but one. */
function provingSystem(own: Context, client: ControllerClient, status: StatusReport, isOnly: boolean): ProvingSystem {
  return {
    runtime: status.runtime,
    broker: engineOfBroker(status),
    check: async ({lab, expectation: {variant, decisive}, seed}) => {
      const told = own.updates && isOnly ? tellCheck(own, {tasks: false}) : undefined;
      const result = await client.call('check', {...labOrder(own, lab), seed, variant, decisive}, told, own.signal);
      own.progress.stop();
      return result;
    },
  };
}

/** What the broker really runs on, whoever has chosen it. */
function engineOfBroker({nodes}: StatusReport): BrokerEngine {
  return nodes.some(({url}) => url.startsWith('nats:')) ? 'nats' : 'postgres';
}

function sayProof(context: Context, {row, holds, result}: Proof, isOneOfSeveral: boolean): void {
  const mark = holds ? paintErr.good('✔ as expected') : paintErr.bad('✖ not as expected');
  const which = isOneOfSeveral ? `, ${row.lab} ${row.variant}` : '';
  context.say(`  ${mark}${which}: ${row.verdict} ${row.codes.join(', ')} (${seconds(row.durationMs)})`);
  if (holds) return;
  for (const {id, verdict, code, observed, evidence} of result.tasks) {
    context.say(`    ${id} ${code ?? verdict}: ${observed}`);
    if (verdict === 'fail') for (const line of evidence.slice(0, EVIDENCE_LINES)) context.say(`      ${line}`);
  }
}

/** What can be told of a lab's files without running it. Gives what is wrong; rules of taste are only said. */
async function lint(context: Context, lab: AnyLab, folder: string): Promise<readonly string[]> {
  const {problems, warnings, leftOut} = await staticProblems(lab, {folder, ...workspaceSources()});
  for (const text of problems) context.say(`${paintErr.bad('✖ error')} ${text}`);
  for (const text of [...warnings, ...leftOut]) context.say(`${paintErr.warn('! warning')} ${text}`);
  return problems;
}
