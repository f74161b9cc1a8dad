import {type ChildProcess, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {execa} from 'execa';
import type {ProgressData} from '../../src/labs/progress.ts';
import {labPaths} from '../../src/paths.ts';
import {createRandom} from '../../src/random.ts';
import {dockerDoes as docker} from './containers.ts';
import {madeBy} from './docker.ts';
import {bin, type Finished, type Learner, newLearner, root} from './learner.ts';
import {controllerOf, markedWith, sessionOf} from './processes.ts';

const LAB = 'p0-00-first-break';
/** What is under way when the kill comes, with the latest moment (ms after its beginning) that is drawn. */
const STAGES = {up: 6_000, check: 18_000, down: 2_500} as const;
const VICTIMS = ['controller', 'controller', 'agent', 'command', 'engine'] as const;
const NEXT = ['status', 'up', 'down'] as const;
const SETTLE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

export interface DockerRound {
  readonly seed: number;
  readonly stage: keyof typeof STAGES;
  readonly victim: (typeof VICTIMS)[number];
  readonly delayMs: number;
  readonly next: (typeof NEXT)[number];
}

export interface PlayedDockerRound extends DockerRound {
  readonly tookMs: number;
  /** What was not as it must be. */
  readonly problems: readonly string[];
}

/** A learner who has passed a lab on an engine of their own, and whose commands, controllers, agents and engines get killed. */
export interface DockerKillField extends AsyncDisposable {
  play(round: DockerRound): Promise<PlayedDockerRound>;
}

/** Draws a round: what goes on, who is killed and when, and which command comes next. Without `mayKillEngine` the engine is left alone. */
export function drawDockerRound(seed: number, mayKillEngine: boolean): DockerRound {
  const random = createRandom(seed, 'docker kills');
  const stage = random.pick(Object.keys(STAGES) as (keyof typeof STAGES)[]);
  const victim = random.pick(VICTIMS.filter(name => mayKillEngine || name !== 'engine'));
  return {seed, stage, victim, delayMs: random.integer(0, STAGES[stage]), next: random.pick(NEXT)};
}

export function describeDockerRound({seed, stage, victim, delayMs, next, tookMs, problems}: PlayedDockerRound): string {
  const end = problems.length === 0 ? 'ok' : `FAILED: ${problems.join('; ')}`;
  return `seed ${seed}: ${stage}, ${victim} killed after ${delayMs} ms, then ${next}: ${end} (${tookMs} ms)`;
}

/** `engineFolder` is that of an engine that `scripts/engine.js` has started, and that nobody else uses. */
export async function openDockerKillField(engineFolder?: string): Promise<DockerKillField> {
  const learner = newLearner();
  const workspace = join(learner.folder, 'teralab');
  learner.take(LAB, 'solution');
  await must(learner.run('up', '--runtime', 'docker'), 'up');
  await must(passing(learner), 'the lab');
  const recorded = readProgress(learner);
  await must(learner.run('down'), 'down');
  return {
    play: async round => {
      const startedAt = Date.now();
      const problems: string[] = [];
      const say = (problem: string): void => void problems.push(problem);
      try {
        await playRound(round, {learner, workspace, engineFolder}, say);
      } catch (error) {
        say(error instanceof Error ? error.message : String(error));
      }
      if (JSON.stringify(readProgress(learner).labs[LAB]?.passes) < JSON.stringify(recorded.labs[LAB]?.passes))
        say('progress is not intact');
      return {...round, tookMs: Date.now() - startedAt, problems};
    },
    [Symbol.asyncDispose]: async () => learner[Symbol.asyncDispose](),
  };
}

interface Field {
  readonly learner: Learner;
  readonly workspace: string;
  readonly engineFolder: string | undefined;
}

async function playRound(round: DockerRound, field: Field, say: (problem: string) => void): Promise<void> {
  const {learner, workspace} = field;
  if (round.stage !== 'up') await must(learner.run('up', '--runtime', 'docker'), 'up before the round');
  const args = {up: ['up', '--runtime', 'docker'], check: ['check', LAB], down: ['down']}[round.stage];
  const command = spawn(process.execPath, [bin, ...args], {cwd: learner.folder, env: learner.env, stdio: 'ignore'});
  await pause(round.delayMs);
  const controller = controllerOf(workspace);
  const session = sessionOf(controller?.pid ?? 0);
  const sessions = new Set([session]);
  await strike(round, field, {command, controllerPid: controller?.pid, session});

  const next = round.next === 'up' ? ['up', '--runtime', 'docker'] : [round.next];
  expectExit(await learner.run(...next), round.next === 'status' ? [0, 4] : [0], `next: ${round.next}`, say);
  sessions.add(sessionOf(controllerOf(workspace)?.pid ?? 0));
  const isOver = (): boolean => command.exitCode !== null || command.signalCode !== null;
  if (!(await within(SETTLE_WITHIN_MS, isOver))) say('the command that was under way hangs');
  expectExit(await learner.run('down'), [0], 'the last down', say);
  for (const each of sessions) {
    if (each === undefined) continue;
    for (const {pid} of markedWith(each)) say(`after down: process ${pid} of session ${each} lives`);
    for (const id of await madeBy(each)) say(`after down: ${id} of session ${each} is left on the engine`);
  }
}

async function strike(
  {victim}: DockerRound,
  {engineFolder}: Field,
  {
    command,
    controllerPid,
    session,
  }: {command: ChildProcess; controllerPid: number | undefined; session: string | undefined},
): Promise<void> {
  switch (victim) {
    case 'command':
      command.kill('SIGKILL');
      return;
    case 'controller':
      if (controllerPid === undefined) command.kill('SIGKILL');
      else process.kill(controllerPid, 'SIGKILL');
      return;
    case 'agent': {
      const filters = ['--filter', 'label=dev.teralab.role=agent', '--filter', `label=dev.teralab.session=${session}`];
      const agent = await docker('ps', '-q', ...filters);
      // It may be going by itself.
      if (agent !== '') await docker('kill', agent).catch(() => undefined);
      return;
    }
    case 'engine': {
      if (engineFolder === undefined) throw new Error('an engine can be killed only in a folder of its own');
      process.kill(Number(readFileSync(join(engineFolder, 'docker.pid'), 'utf8')), 'SIGKILL');
      await execa(process.execPath, [join(root, 'scripts', 'engine.js'), 'start', '--folder', engineFolder]);
    }
  }
}

/** A busy machine may make a check inconclusive; it is asked again. */
async function passing(learner: Learner): Promise<Finished> {
  for (let attempt = 1; ; attempt++) {
    const checked = await learner.run('check', LAB, '--seed', '1');
    if (checked.exitCode !== 3 || attempt === 4) return checked;
  }
}

function expectExit(
  {exitCode, stderr}: Finished,
  exits: readonly number[],
  what: string,
  say: (problem: string) => void,
): void {
  if (exitCode === undefined || !exits.includes(exitCode)) say(`${what} ended with ${exitCode}: ${lastLines(stderr)}`);
  if (/^\s+at .+:\d+:\d+/m.test(stderr)) say(`${what} shows a stack trace`);
}

async function must(run: Promise<Finished>, what: string): Promise<void> {
  const {exitCode, stderr} = await run;
  if (exitCode !== 0) throw new Error(`${what} ended with ${exitCode}: ${lastLines(stderr)}`);
}

async function within(boundMs: number, holds: () => boolean): Promise<boolean> {
  const until = Date.now() + boundMs;
  while (!holds()) {
    if (Date.now() > until) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

function readProgress(learner: Learner): ProgressData {
  return JSON.parse(readFileSync(join(labPaths(learner.env).data, 'progress.json'), 'utf8'));
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-4).join(' | ');
}
