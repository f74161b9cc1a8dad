import {type ChildProcess, spawn} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import type {StatusReport} from '../../src/controller/protocol.ts';
import type {ProgressData} from '../../src/labs/progress.ts';
import {createRandom, type Random} from '../../src/random.ts';
import {bin, type Finished, type Learner, newLearner} from './learner.ts';
import {controllerOf, markedWith, processes, type Seen, sessionOf, stillLives, treeOf} from './processes.ts';

const LAB = 'p0-00-first-break';

/** What is under way when the kill comes, with the latest moment (ms after its beginning) that is drawn. */
const STAGES = {
  up: 1_800,
  check: 13_000,
  down: 400,
  'up twice': 1_500,
  'down in a check': 9_000,
  'a paused database': 800,
  'a paused service': 800,
} as const;
export type Stage = keyof typeof STAGES;

const VICTIMS = ['controller', 'controller', 'command', 'frozen controller'] as const;
const NEXT = ['status', 'up', 'down', 'status and up'] as const;

/** How long what a killed command had asked for may take to come to its end by itself, ms. */
const SETTLE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;

export interface Round {
  readonly seed: number;
  readonly stage: Stage;
  readonly victim: (typeof VICTIMS)[number];
  readonly delayMs: number;
  readonly next: (typeof NEXT)[number];
}

export interface PlayedRound extends Round {
  readonly tookMs: number;
  /** What was not as it must be. */
  readonly problems: readonly string[];
}

/** A learner who has passed a lab, and whose commands and controllers get killed. */
export interface KillField extends AsyncDisposable {
  play(round: Round): Promise<PlayedRound>;
}

/** Draws a round: what goes on, who is killed and when, and which command comes next. */
export function drawRound(seed: number, only: readonly Stage[] = Object.keys(STAGES) as Stage[]): Round {
  const random = createRandom(seed, 'kills');
  const stage = random.pick(only);
  return {
    seed,
    stage,
    victim: random.pick(VICTIMS),
    delayMs: random.integer(0, STAGES[stage]),
    next: random.pick(NEXT),
  };
}

export function describeRound({seed, stage, victim, delayMs, next, tookMs, problems}: PlayedRound): string {
  const end = problems.length === 0 ? 'ok' : `FAILED: ${problems.join('; ')}`;
  return `seed ${seed}: ${stage}, ${victim} killed after ${delayMs} ms, then ${next}: ${end} (${tookMs} ms)`;
}

export async function openKillField(): Promise<KillField> {
  const learner = newLearner();
  const workspace = join(learner.folder, 'teralab');
  await must(learner.run('lab', LAB), 0, 'lab');
  learner.take(LAB, 'solution');
  const first = await learner.run('check', LAB, '--seed', '1');
  if (first.exitCode !== 0) throw new Error(`the lab was not passed: ${first.stdout}\n${first.stderr}`);
  const recorded = readProgress(learner);
  await must(learner.run('down'), 0, 'down');
  return {
    play: async round => {
      const startedAt = Date.now();
      const problems: string[] = [];
      const say = (problem: string): void => void problems.push(problem);
      try {
        await playRound(round, learner, workspace, say);
      } catch (error) {
        say(error instanceof Error ? error.message : String(error));
      }
      // Whatever came before: `down` ends it, and leaves nothing.
      const session = sessionOf(controllerOf(workspace)?.pid ?? 0);
      expectExit(await learner.run('down'), [0], 'the last down', say);
      for (const left of session === undefined ? [] : markedWith(session)) say(`after down: ${words(left)} lives`);
      for (const file of leftFiles(learner, workspace)) say(`after down: ${file} is left`);
      if (!holds(recorded, readProgress(learner))) say('progress is not intact');
      return {...round, tookMs: Date.now() - startedAt, problems};
    },
    [Symbol.asyncDispose]: async () => learner[Symbol.asyncDispose](),
  };
}

async function playRound(
  round: Round,
  learner: Learner,
  workspace: string,
  say: (problem: string) => void,
): Promise<void> {
  const commands = await begin(round, learner);
  await pause(round.delayMs);
  const controller = controllerOf(workspace);
  const session = sessionOf(controller?.pid ?? 0);
  const known = controller === undefined ? [] : treeOf(controller.pid);
  const [victim] = commands;
  if (round.victim === 'command' || controller === undefined) victim?.kill('SIGKILL');
  else signal(controller.pid, round.victim === 'controller' ? 'SIGKILL' : 'SIGSTOP');
  if (round.victim === 'command') {
    await expectIntact(learner, workspace, say);
    return;
  }
  if (session === undefined) {
    // Nothing had been started yet; the next command must not mind.
    await runNext(round, learner, say, [0, 4]);
    return;
  }
  await runNext(round, learner, say, round.next === 'status' ? [4] : [0]);
  for (const seen of [...known, ...markedWith(session)])
    if (stillLives(seen)) say(`${words(seen)} of the killed session lives`);
}

/** Brings about what the round needs and begins its command; returns the commands under way, the one to kill first. */
async function begin({stage}: Round, learner: Learner): Promise<readonly ChildProcess[]> {
  const command = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [bin, ...args], {cwd: learner.folder, env: learner.env, stdio: 'ignore'});
  if (stage === 'up') return [command('up')];
  if (stage === 'up twice') return [command('up'), command('up')];
  await must(learner.run('up'), 0, 'up before the round');
  switch (stage) {
    case 'check':
      return [command('check', LAB)];
    case 'down':
      return [command('down')];
    case 'down in a check': {
      const check = command('check', LAB);
      return [check, later(() => command('down'))].flatMap(each => each ?? []);
    }
    case 'a paused database':
      await must(learner.run('chaos', 'pause', 'identity-db', '--until-cleared'), 0, 'chaos');
      return [command('down')];
    case 'a paused service':
      return [command('chaos', 'pause', 'stream', '--for', '2s')];
  }
}
