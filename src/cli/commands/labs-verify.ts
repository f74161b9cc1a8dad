import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ControllerClient} from '../../controller/connection.ts';
import type {StatusReport, UpOptions} from '../../controller/protocol.ts';
import type {AnyLab} from '../../labs/lab.ts';
import {type Expectation, expectations, type Proof, staticProblems, verifyLab} from '../../labs/verify.ts';
import type {RuntimeName} from '../../runtime/runtime.ts';
import type {BrokerEngine} from '../../topology/topology.ts';
import {tellCheck} from '../check-events.ts';
import {forgetWorkspace} from '../clean/forget.ts';
import type {Outcome} from '../command.ts';
import {showProgress} from '../connect.ts';
import type {Context} from '../context.ts';
import {openLearner, workspaceSources} from '../learner.ts';
import {seconds} from '../output/figures.ts';
import {paint, paintErr} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {block, counted} from '../output/text.ts';
import {parseChoice} from '../parse/choice.ts';
import {drawSeed, SEED_MAX} from '../parse/number.ts';
import {engineFor} from '../runtime-engine.ts';
import {stopSystem} from './down.ts';

export interface VerifyFlags {
  readonly seeds?: number;
  readonly seed?: number;
  readonly runtime?: RuntimeName;
  readonly variant?: string;
  readonly broker?: BrokerEngine;
}

/** A lab, and what is to be proved of it. */
interface Todo {
  readonly lab: AnyLab;
  readonly only: readonly Expectation[];
}

export async function run(context: Context, names: readonly string[], flags: VerifyFlags): Promise<Outcome> {
  const learner = openLearner(context);
  const labs =
    names.length === 0
      ? await learner.catalogue.list()
      : await Promise.all(names.map(async name => learner.pick(name)));
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
  const proofs = await inOwnSystem(context, upOptions, async (own, client, broker) =>
    verifyAll(own, client, todo, {seeds, broker}),
  );
  if (context.json) context.document(proofs.map(({row}) => row));
  else report(context, proofs, problems, first);
  return problems.length === 0 && proofs.every(({holds}) => holds) ? 'ok' : 'fail';
}

/** What is to be proved of each lab: all of it, or the one variant that was asked for. */
function chooseVariants(labs: readonly AnyLab[], variant: string | undefined): readonly Todo[] {
  const all = labs.map(lab => ({lab, only: expectations(lab)}));
  if (variant === undefined) return all;
  parseChoice(variant, '--variant', [...new Set(all.flatMap(({only}) => only.map(each => each.variant)))]);
  return all.map(({lab, only}) => ({lab, only: only.filter(each => each.variant === variant)}));
}

/** A workspace and a system of its own, so that the learner's stay as they are; both are removed afterwards. */
async function inOwnSystem<T>(
  context: Context,
  upOptions: UpOptions,
  work: (own: Context, client: ControllerClient, broker: BrokerEngine) => Promise<T>,
): Promise<T> {
  const workspace = await mkdtemp(join(tmpdir(), 'teralab-verify-'));
  const own: Context = {...context, workspace};
  context.doing('stopping the run and its system');
  context.progress.step('starting a system for the proof');
  try {
    const client = await own.controllers.ensure(workspace, line => context.progress.step(line));
    try {
      const system = await client.call('up', upOptions, showProgress(own), context.signal);
      return await work(own, client, engineOfBroker(system));
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

async function verifyAll(
  context: Context,
  client: ControllerClient,
  todo: readonly Todo[],
  {seeds, broker}: {readonly seeds: readonly number[]; readonly broker: BrokerEngine},
): Promise<readonly Proof[]> {
  const total = todo.reduce((sum, {only}) => sum + only.length * seeds.length, 0);
  const proofs: Proof[] = [];
  for (const {lab, only} of todo) {
    await verifyLab(lab, {
      seeds,
      broker,
      only,
      check: async (variant, seed) => {
        const params = {lab: lab.id, seed, variant};
        const told = context.updates ? tellCheck(context, {tasks: false}) : undefined;
        const result = await client.call('check', params, told, context.signal);
        context.progress.stop();
        return result;
      },
      onStart: ({variant, expected}, seed) =>
        context.say(`[${proofs.length + 1}/${total}] ${lab.id} ${variant}, seed ${seed}: is to ${expected}`),
      onAgain: ({tasks}) =>
        context.say(`  inconclusive (${tasks.map(task => task.code ?? task.verdict).join(', ')}); once more`),
      onProof: proof => {
        proofs.push(proof);
        sayProof(context, proof);
      },
    });
  }
  return proofs;
}

/** What the broker really runs on, whoever has chosen it. */
function engineOfBroker({nodes}: StatusReport): BrokerEngine {
  return nodes.some(({url}) => url.startsWith('nats:')) ? 'nats' : 'postgres';
}

function sayProof(context: Context, {row, holds, result}: Proof): void {
  const mark = holds ? paintErr.good('✔ as expected') : paintErr.bad('✖ not as expected');
  context.say(`  ${mark}: ${row.verdict} ${row.codes.join(', ')} (${seconds(row.durationMs)})`);
  if (holds) return;
  for (const task of result.tasks) context.say(`    ${task.id} ${task.code ?? task.verdict}: ${task.observed}`);
}

/** What can be told of a lab's files without running it. Gives what is wrong; rules of taste are only said. */
async function lint(context: Context, lab: AnyLab, folder: string): Promise<readonly string[]> {
  const {problems, warnings, leftOut} = await staticProblems(lab, {folder, ...workspaceSources()});
  for (const text of problems) context.say(`${paintErr.bad('✖ error')} ${text}`);
  for (const text of [...warnings, ...leftOut]) context.say(`${paintErr.warn('! warning')} ${text}`);
  return problems;
}

function report(context: Context, proofs: readonly Proof[], problems: readonly string[], seed: number): void {
  const {width} = context;
  const rows = proofs.map(({row, holds}) => [
    holds ? paint.good('✔') : paint.bad('✖'),
    row.lab,
    row.variant,
    seconds(row.durationMs),
    `${row.verdict}${row.codes.length === 0 ? '' : ` ${row.codes.join(', ')}`}`,
  ]);
  context.lines(table([['', 'LAB', 'VARIANT', 'TIME', 'CAME TO'], ...rows], {width, heading: paint.faint, right: [3]}));
  for (const {row, holds} of proofs)
    if (!holds)
      context.lines(
        block(`${row.lab} ${row.variant} (seed ${row.seed}) was to ${row.expected}.`, width, '  ', paint.bad('✖')),
      );
  for (const problem of problems) context.lines(block(problem, width, '  ', paint.bad('✖')));
  context.line();
  const broken = proofs.filter(({holds}) => !holds).length + problems.length;
  const summary =
    broken === 0
      ? paint.good(`✔ All ${counted(proofs.length, 'expectation')} hold.`)
      : paint.bad(`✖ ${broken} of ${proofs.length + problems.length} do not hold.`);
  context.line(`${summary} First seed ${seed}.`);
}
