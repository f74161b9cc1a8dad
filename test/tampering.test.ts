import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {CheckResult, TaskVerdict} from '../src/labs/verdict.ts';
import {labPaths, workspaceId} from '../src/paths.ts';
import {freePort} from './support/free-port.ts';
import {type Finished, type Learner, newLearner, root} from './support/learner.ts';
import {TOO_BUSY} from './support/require.ts';
import {unlessBusy} from './support/unless-busy.ts';
import {until} from './support/until.ts';

/** What an attack is on: a lab, the file that the learner edits, the nodes that run it, and what does not solve the lab without tampering. */
const FIRST = {lab: 'p0-00-first-break', file: 'compose.ts', nodes: ['gateway-1'], naive: 'start'};
const EVENTS = {
  lab: 'p2-04-no-lost-events',
  file: 'publisher.ts',
  nodes: ['identity-1', 'identity-2'],
  naive: 'wrong/retry-in-memory',
};

type Checked = Finished & {readonly result: CheckResult};

interface Attack {
  readonly on: typeof FIRST | typeof EVENTS;
  /** File in `test/attacks/<lab>/`, by which the learner's is replaced; or the lab's own solution. */
  readonly module: string;
  /** One of the tasks must have one of them. None is said to be tampered with where that is not among them. */
  readonly codes: readonly string[];
  readonly verdicts: readonly ('fail' | 'inconclusive')[];
  /** What the task with the code has seen, all of it. */
  readonly observed?: readonly RegExp[];
  /** What the module has said of how it went, all of it. */
  readonly said?: readonly RegExp[];
  /** What the check has told on its way. */
  readonly told?: RegExp;
  /** A program of the learner's outside of the system, which helps as soon as stream is paused. */
  readonly accomplice?: (learner: Learner, status: StatusReport) => Promise<unknown> | unknown;
}

const DENIED = '.*(ERR_ACCESS_DENIED|Access to this API has been restricted)';
const fails = (code: string) => ({codes: [code], verdicts: ['fail']}) as const;
const tampered = {codes: ['FAULT_TAMPERED'], verdicts: ['inconclusive']} as const;

const ATTACKS: Readonly<Record<string, Attack>> = {
  'behaves well only while something tells of the fault, or turns its clock': {
    on: FIRST,
    module: 'closed-ways',
    ...fails('PAGE_TOO_LATE'),
    said: [
      ...['the record', 'processes', 'a program', 'the token'].map(way => new RegExp(`attack: ${way}: ${DENIED}`)),
      /attack: the controller: .*NOT_ALLOWED/,
      /attack: the clock is turned/,
    ],
  },
  'asks for the debugger of its own process': {
    on: FIRST,
    module: 'asks-for-the-inspector',
    ...fails('NOT_YOURS'),
  },
  'sends signals to the other nodes, and opens the debugger of the controller': {
    ...tampered,
    on: FIRST,
    module: 'reaches-for-others',
    observed: [/gateway-1 called process\.kill/, /gateway-1 called process\._debugProcess/],
    said: [/ECONNREFUSED/],
  },
  'goes past its links: to a node itself, over the link of another, to the Toxiproxy API': {
    on: FIRST,
    module: 'goes-past-the-links',
    ...fails('BYPASSED_LINK'),
    observed: [
      /gateway-1 was connected to stream-1 itself/,
      /gateway-1 was connected to the link identity-1->identity-db/,
      /gateway-1 was connected to the Toxiproxy API/,
    ],
  },
  'has somebody wake the paused node, and then clear the fault': {
    ...tampered,
    on: FIRST,
    module: 'solution',
    observed: [/stream-1 ran while it was to be paused/, /ended from outside before its time/],
    accomplice: async (learner, status) => {
      process.kill(pidOf(status, 'stream-1'), 'SIGCONT');
      await learner.run('chaos', 'clear', '--all');
    },
  },
  'has somebody kill the paused node': {
    ...tampered,
    on: FIRST,
    module: 'solution',
    observed: [/stream-1 ended by SIGKILL, and no fault was to end it/],
    accomplice: (_, status) => process.kill(pidOf(status, 'stream-1'), 'SIGKILL'),
  },
  'has somebody put a milder fault in the place of the other': {
    ...tampered,
    on: FIRST,
    module: 'solution',
    observed: [/crash on stream-1 was injected by somebody else/],
    accomplice: async learner => learner.run('chaos', 'crash', 'stream-1', '--restart-after', '300ms'),
  },
  'patches what a crash needs': {
    on: EVENTS,
    module: 'survives-the-crash',
    // Whether an event was lost is luck with the few kills of a quick look. That every kill took place is not: nothing was tampered with.
    codes: ['MISSING_EVENTS', 'QUICK_LOOK'],
    verdicts: ['fail', 'inconclusive'],
    said: [/Cannot redefine property/],
    told: /identity-[12] was killed at after_commit_before_publish/,
  },
  'says that it was hit, and was not': {
    on: EVENTS,
    module: 'reports-hits-itself',
    ...tampered,
    observed: [/hit 0 of \d+ times/],
    said: [/is said to be hit/],
  },
};

describe.sequential('a module that', () => {
  let learner: Learner;

  beforeAll(async () => {
    learner = newLearner();
    await learner.run('up', '--toxiproxy-api', String(await freePort()));
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it.each(Object.entries(ATTACKS))('%s does not pass', async (_, attack) => {
    await mount(learner, attack);
    const {result, exitCode, stderr} = await unlessBusy(
      async () => {
        // A quick look refuses what a whole check refuses, and takes less time.
        const checking = check(learner, attack.on.lab, '--quick');
        const status = attack.accomplice === undefined ? undefined : await whilePaused(learner, checking);
        if (status !== undefined) await attack.accomplice?.(learner, status);
        return checking;
      },
      ({tasks}) => told(attack, tasks) !== undefined,
    );
    const task = told(attack, result.tasks);
    expect(task, JSON.stringify(result.tasks)).toBeDefined();
    expect(attack.verdicts).toContain(result.verdict);
    expect(exitCode).toBe(result.verdict === 'fail' ? 1 : 3);
    for (const seen of attack.observed ?? [])
      expect([task?.observed, ...(task?.evidence ?? [])].join('\n')).toMatch(seen);
    if (attack.told !== undefined) expect(stderr).toMatch(attack.told);
    const logs = attack.said === undefined ? '' : await logsOf(learner, attack.on.nodes);
    for (const said of attack.said ?? []) expect(logs).toMatch(said);
  });

  it('does nothing of this passes, on the same system', async () => {
    learner.take(FIRST.lab, 'solution');
    const {result} = await unlessBusy(
      async () => check(learner, FIRST.lab),
      () => false,
    );
    expect(result.verdict, JSON.stringify(result.tasks)).toBe('pass');
  });

  it('has somebody stop the controller for the time of the fault does not pass', async () => {
    for (let attempt = 1; ; attempt++) {
      const checking = check(learner, FIRST.lab);
      const status = await whilePaused(learner, checking);
      if (status !== undefined) {
        process.kill(status.controller.pid, 'SIGSTOP');
        await pause(4_000);
        process.kill(status.controller.pid, 'SIGCONT');
      }
      const {result} = await checking;
      expect(result.verdict).not.toBe('pass');
      if (status !== undefined) return;
      if (attempt === 4) throw new Error(`${TOO_BUSY}: ${JSON.stringify(result.tasks)}`);
    }
  });

  it('has somebody kill the controller gets no verdict', async () => {
    const checking = learner.run('check', FIRST.lab, '--json');
    const status = (await learner.json<StatusReport>('status')).document;
    await until('the check is under way', async () => {
      const {check: job} = (await learner.json<StatusReport>('status')).document;
      return job !== null && job.phase !== 'prepare';
    });
    process.kill(status.controller.pid, 'SIGKILL');
    const {exitCode, stdout} = await checking;
    expect(exitCode).toBe(4);
    expect(stdout).not.toContain('"verdict"');
  });
});

/** The task that has refused the attack; undefined when none has, or one found tampering where there was none. */
function told({codes}: Attack, tasks: CheckResult['tasks']): TaskVerdict | undefined {
  if (!codes.includes('FAULT_TAMPERED') && tasks.some(({code}) => code === 'FAULT_TAMPERED')) return undefined;
  return tasks.find(({code}) => code !== null && codes.includes(code));
}

/** What nodes have written since the system is there. */
async function logsOf(learner: Learner, nodes: readonly string[]): Promise<string> {
  const id = await workspaceId(join(learner.folder, 'teralab'));
  const folder = join(labPaths(learner.env).state, 'logs', id);
  return nodes.map(node => readFileSync(join(folder, `${node}.log`), 'utf8')).join('');
}

async function check(learner: Learner, lab: string, ...flags: readonly string[]): Promise<Checked> {
  const finished = await learner.run('check', lab, '--seed', '1', '--json', ...flags);
  return {...finished, result: JSON.parse(finished.stdout) as CheckResult};
}

/** Puts the attack into the learner's folder, with what it would have found out by trying. */
async function mount(learner: Learner, {on: {lab, file, naive}, module}: Attack): Promise<void> {
  learner.take(lab, 'solution');
  if (module === 'solution') return;
  const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8');
  writeFileSync(learner.labFile(lab, 'honest.ts'), read('labs', lab, 'solution', file));
  writeFileSync(learner.labFile(lab, 'naive.ts'), read('labs', lab, naive, file));
  const paths = labPaths(learner.env);
  const workspace = join(learner.folder, 'teralab');
  const id = await workspaceId(workspace);
  const {document: status} = await learner.json<StatusReport>('up');
  const known: Readonly<Record<string, string>> = {
    workspace,
    state: paths.state,
    socket: await paths.socket(id),
    lock: join(paths.state, 'sessions', `${id}.lock`),
    stream: new URL(status.nodes.find(({name}) => name === 'stream-1')?.url ?? '').port,
    'identity-db': portOf(status, 'identity-1->identity-db'),
    api: new URL(status.urls.toxiproxyApi ?? '').port,
  };
  const source = read('test', 'attacks', lab, `${module}.ts`);
  writeFileSync(
    learner.labFile(lab, file),
    source.replace(/@@([a-z-]+)@@/g, (_, name: string) => known[name] ?? name),
  );
}

/** The system once the check that is under way has paused stream; undefined when it ends without having come so far. */
async function whilePaused(learner: Learner, checking: Promise<unknown>): Promise<StatusReport | undefined> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  checking.then(over, over);
  while (!isOver) {
    const {document} = await learner.json<StatusReport>('status');
    if (document.nodes?.some(({name, state}) => name === 'stream-1' && state === 'paused')) return document;
  }
  return undefined;
}

function pidOf(status: StatusReport, node: string): number {
  const pid = status.nodes.find(({name}) => name === node)?.pid;
  if (pid === undefined) throw new Error(`${node} has no process`);
  return pid;
}

function portOf(status: StatusReport, proxy: string): string {
  const address = status.links.flatMap(({proxies}) => proxies).find(({name}) => name === proxy)?.address ?? '';
  return address.slice(address.lastIndexOf(':') + 1);
}
