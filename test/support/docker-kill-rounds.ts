import {type ChildProcess, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {execa} from 'execa';
import {createRandom} from '../../src/random.ts';
import {dockerDoes as docker} from './containers.ts';
import {madeBy} from './docker.ts';
import {describePlayed, expectExit, holdsProgress, must, type Played, readProgress, within} from './kill-tools.ts';
import {bin, type Finished, type Learner, newLearner, root} from './learner.ts';
import {controllerOf, markedWith, sessionOf} from './processes.ts';

const LAB = 'p0-00-first-break';
/** What is under way when the kill comes, with the latest moment (ms after its beginning) that is drawn. */
const STAGES = {up: 6_000, check: 18_000, down: 2_500} as const;
const VICTIMS = ['controller', 'controller', 'agent', 'command', 'engine'] as const;
const NEXT = ['status', 'up', 'down'] as const;
const SETTLE_WITHIN_MS = 60_000;

export interface DockerRound {
  readonly seed: number;
  readonly stage: keyof typeof STAGES;
  readonly victim: (typeof VICTIMS)[number];
  readonly delayMs: number;
  readonly next: (typeof NEXT)[number];
}

export type PlayedDockerRound = Played<DockerRound>;

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

export const describeDockerRound: (played: PlayedDockerRound) => string = describePlayed;

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
      if (!holdsProgress(LAB, recorded, readProgress(learner))) say('progress is not intact');
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
      process.kill(Number(readFileSync(join(engineFolder, 'dockerd.pid'), 'utf8')), 'SIGKILL');
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
