import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import type {StatusReport} from '../../src/controller/protocol.ts';
import {labPaths, workspaceId} from '../../src/paths.ts';
import {createRandom} from '../../src/random.ts';
import {describePlayed, expectExit, holdsProgress, must, type Played, readProgress, within} from './kill-tools.ts';
import {bin, type Learner, newLearner} from './learner.ts';
import {controllerOf, markedWith, type Seen, sessionOf, stillLives, treeOf} from './processes.ts';

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

export interface Round {
  readonly seed: number;
  readonly stage: Stage;
  readonly victim: (typeof VICTIMS)[number];
  readonly delayMs: number;
  readonly next: (typeof NEXT)[number];
}

export type PlayedRound = Played<Round>;

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

export const describeRound: (played: PlayedRound) => string = describePlayed;

export async function openKillField(): Promise<KillField> {
  const learner = newLearner();
  const workspace = join(learner.folder, 'teralab');
  learner.take(LAB, 'solution');
  const first = await learner.run('check', LAB, '--seed', '1');
  if (first.exitCode !== 0) {
    await learner[Symbol.asyncDispose]();
    throw new Error(`the lab was not passed: ${first.stdout}\n${first.stderr}`);
  }
  const recorded = readProgress(learner);
  await must(learner.run('down'), 'down');
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
      for (const file of await leftFiles(learner, workspace)) say(`after down: ${file} is left`);
      if (!holdsProgress(LAB, recorded, readProgress(learner))) say('progress is not intact');
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
  const controller = controllerOf(workspace);
  const session = sessionOf(controller?.pid ?? 0);
  const known = controller === undefined ? [] : treeOf(controller.pid);
  if (round.victim === 'command' || controller === undefined) commands[0]?.kill('SIGKILL');
  else process.kill(controller.pid, round.victim === 'controller' ? 'SIGKILL' : 'SIGSTOP');

  if (round.victim === 'command') await expectIntact(round, learner, say);
  else {
    await runNext(round, learner, session !== undefined, say);
    for (const seen of [...known, ...(session === undefined ? [] : markedWith(session))])
      if (stillLives(seen)) say(`${words(seen)} of the killed session lives`);
  }
  const isOver = (command: ChildProcess): boolean => command.exitCode !== null || command.signalCode !== null;
  if (!(await within(SETTLE_WITHIN_MS, () => commands.every(isOver)))) say('a command that was under way hangs');
}

/** Brings about what the round needs, begins its command, and returns when the moment of the kill has come; the command to kill first. */
async function begin({stage, delayMs}: Round, learner: Learner): Promise<readonly ChildProcess[]> {
  const command = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [bin, ...args], {cwd: learner.folder, env: learner.env, stdio: 'ignore'});
  const after = async (commands: readonly ChildProcess[], ms = delayMs): Promise<readonly ChildProcess[]> => {
    await pause(ms);
    return commands;
  };
  if (stage === 'up') return after([command('up')]);
  if (stage === 'up twice') return after([command('up'), command('up')]);
  await must(learner.run('up'), 'up before the round');
  switch (stage) {
    case 'check':
      return after([command('check', LAB)]);
    case 'down':
      return after([command('down')]);
    case 'down in a check': {
      const check = command('check', LAB);
      const inDownMs = delayMs % STAGES.down;
      await pause(delayMs - inDownMs);
      return after([command('down'), check], inDownMs);
    }
    case 'a paused database':
      await must(learner.run('chaos', 'pause', 'identity-db', '--until-cleared'), 'chaos');
      return after([command('down')]);
    case 'a paused service':
      return after([command('chaos', 'pause', 'stream', '--for', '2s')]);
  }
}

async function runNext(
  {stage, next}: Round,
  learner: Learner,
  hadController: boolean,
  say: (problem: string) => void,
): Promise<void> {
  // A second `up` may bring a new system up meanwhile, and a system that was just going down may have been down.
  const notRunning = hadController && stage !== 'up twice' ? [4] : [0, 4];
  const runs: readonly (readonly [string, readonly number[]])[] = {
    status: [['status', notRunning] as const],
    up: [['up', [0]] as const],
    down: [['down', [0]] as const],
    'status and up': [['status', [0, 4]] as const, ['up', [0]] as const],
  }[next];
  await Promise.all(
    runs.map(async ([name, exits]) => expectExit(await learner.run(name), exits, `next: ${name}`, say)),
  );
  if (!next.endsWith('up')) return;
  const {document} = await learner.json<StatusReport>('status');
  for (const problem of unrest(document)) say(`after the next up: ${problem}`);
}

/** A system whose client was killed goes on: what that had asked for ends by itself, and everything is well again. */
async function expectIntact({stage}: Round, learner: Learner, say: (problem: string) => void): Promise<void> {
  let seen: readonly string[] = [];
  const isWell = async (): Promise<boolean> => {
    const {exitCode, document} = await learner.json<Partial<StatusReport>>('status');
    // Killed before it had asked for anything, or after it had asked for the end.
    if (exitCode === 4) return stage.startsWith('up') || stage.includes('down') || stage === 'a paused database';
    seen = unrest(document as StatusReport);
    return stage === 'a paused database' || seen.length === 0;
  };
  if (!(await within(SETTLE_WITHIN_MS, isWell)))
    say(`after the command was killed: ${seen.join(', ') || 'not running'}`);
}

/** Signs that somebody is still at work on a system, or that something was not undone. */
function unrest({nodes, faults, check, session}: StatusReport): readonly string[] {
  return [
    ...nodes.filter(({state}) => state !== 'ready').map(({name, state}) => `${name} is ${state}`),
    ...faults.map(({id}) => `${id} is in force`),
    ...(check === null ? [] : [`${check.lab} is being run`]),
    ...markedWith(session)
      .filter(({state}) => 'Tt'.includes(state))
      .map(seen => `${words(seen)} is stopped`),
  ];
}

async function leftFiles(learner: Learner, workspace: string): Promise<readonly string[]> {
  const paths = labPaths(learner.env);
  const socket = await paths.socket(await workspaceId(workspace));
  return [...readdirSync(join(paths.state, 'sessions')), ...(existsSync(socket) ? [socket] : [])];
}

function words({pid, command}: Seen): string {
  return `${pid} (${command.replaceAll('\0', ' ').slice(0, 60)})`;
}
