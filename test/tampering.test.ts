import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {CheckResult} from '../src/labs/verdict.ts';
import {labPaths, workspaceId} from '../src/paths.ts';
import {type Finished, type Learner, newLearner, root} from './support/learner.ts';
import {TOO_BUSY} from './support/require.ts';
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
  /** The code that one of the tasks must have at least. */
  readonly code: string;
  readonly verdict: 'fail' | 'inconclusive';
  /** What the task with the code has seen. */
  readonly observed?: RegExp;
  /** What the module has said of how it went. */
  readonly said?: RegExp;
  /** What the check has told on its way. */
  readonly told?: RegExp;
  /** Of the check. Default: a quick look, which refuses the same and takes less time. */
  readonly flags?: readonly string[];
  /** A program of the learner's outside of the system, which helps as soon as stream is paused. */
  readonly accomplice?: (learner: Learner, status: StatusReport) => Promise<unknown> | unknown;
}

const DENIED = /ERR_ACCESS_DENIED|Access to this API has been restricted/;
const late = {on: FIRST, code: 'PAGE_TOO_LATE', verdict: 'fail'} as const;
const tampered = {on: FIRST, code: 'FAULT_TAMPERED', verdict: 'inconclusive'} as const;
const bypassed = {on: FIRST, code: 'BYPASSED_LINK', verdict: 'fail'} as const;

const ATTACKS: Readonly<Record<string, Attack>> = {
  'behaves well only while the record has a fault': {...late, module: 'reads-the-record', said: DENIED},
  'behaves well only while a process is stopped': {...late, module: 'looks-at-processes', said: DENIED},
  'clears the fault over the socket of the controller': {...late, module: 'asks-the-controller', said: /NOT_ALLOWED/},
  'starts a program that sends signals for it': {...late, module: 'starts-a-program', said: DENIED},
  'turns the clock of its process': {...late, module: 'turns-the-clock', said: /the clock is turned/},
  'asks for the debugger of its own process': {...late, code: 'NOT_YOURS', module: 'asks-for-the-inspector'},
  'sends signals to the other nodes': {
    ...tampered,
    module: 'sends-signals',
    observed: /gateway-1 called process\.kill/,
  },
  'opens the debugger of the controller': {
    ...tampered,
    module: 'opens-a-debugger',
    observed: /called process\._debugProcess/,
    said: /ECONNREFUSED/,
  },
  'asks a node itself, past the link': {
    ...bypassed,
    module: 'goes-past-the-link',
    observed: /^gateway-1 was connected to stream-1 itself/,
  },
  'goes over the link of another node': {
    ...bypassed,
    module: 'takes-anothers-link',
    observed: /^gateway-1 was connected to the link identity-1->identity-db/,
  },
  'has somebody wake the paused node': {
    ...tampered,
    module: 'solution',
    observed: /stream-1 ran while it was to be paused/,
    accomplice: (_, status) => process.kill(pidOf(status, 'stream-1'), 'SIGCONT'),
  },
  'has somebody kill the paused node': {
    ...tampered,
    module: 'solution',
    observed: /stream-1 ended by SIGKILL, and no fault was to end it/,
    accomplice: (_, status) => process.kill(pidOf(status, 'stream-1'), 'SIGKILL'),
  },
  'has somebody clear the fault': {
    ...tampered,
    module: 'solution',
    observed: /ended from outside before its time/,
    accomplice: async learner => learner.run('chaos', 'clear', '--all'),
  },
  'has somebody put a milder fault in the place of the other': {
    ...tampered,
    module: 'solution',
    observed: /crash on stream-1 was injected by somebody else/,
    accomplice: async learner => learner.run('chaos', 'crash', 'stream-1', '--restart-after', '300ms'),
  },
  'patches what a crash needs': {
    on: EVENTS,
    module: 'survives-the-crash',
    verdict: 'fail',
    code: 'MISSING_EVENTS',
    // Whether an event was lost is luck with only a few kills.
    flags: [],
    said: /Cannot redefine property/,
    told: /identity-[12] was killed at after_commit_before_publish/,
  },
  'says that it was hit, and was not': {
    on: EVENTS,
    module: 'reports-hits-itself',
    verdict: 'inconclusive',
    code: 'FAULT_TAMPERED',
    observed: /hit 0 of \d+ times/,
    said: /is said to be hit/,
  },
};

describe.sequential('a module that', () => {
  let learner: Learner;

  beforeAll(() => {
    learner = newLearner();
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it.each(Object.entries(ATTACKS))('%s does not pass', async (_, attack) => {
    await mount(learner, attack);
    const {result, exitCode, stderr} = await unlessBusy(async () => {
      const checking = check(learner, attack.on.lab, ...(attack.flags ?? ['--quick']));
      if (attack.accomplice === undefined) return checking;
      const status = await whilePaused(learner, checking);
      if (status !== undefined) await attack.accomplice(learner, status);
      return checking;
    });
    const task = result.tasks.find(({code}) => code === attack.code);
    expect(task, JSON.stringify(result.tasks)).toBeDefined();
    expect(result.verdict).toBe(attack.verdict);
    expect(exitCode).toBe(attack.verdict === 'fail' ? 1 : 3);
    if (attack.observed !== undefined) expect(task?.observed).toMatch(attack.observed);
    if (attack.told !== undefined) expect(stderr).toMatch(attack.told);
    if (attack.said !== undefined) expect(await logsOf(learner, attack.on.nodes)).toMatch(attack.said);
  });

  it('does nothing of this passes, on the same system', async () => {
    learner.take(FIRST.lab, 'solution');
    const {result} = await unlessBusy(async () => check(learner, FIRST.lab));
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

/** A machine that is too busy for a check's baseline is asked again. */
async function unlessBusy(look: () => Promise<Checked>): Promise<Checked> {
  for (let attempt = 1; ; attempt++) {
    const checked = await look();
    if (!checked.result.tasks.some(({code}) => BUSY.has(code ?? ''))) return checked;
    if (attempt === 4) throw new Error(`${TOO_BUSY}: ${JSON.stringify(checked.result.tasks)}`);
  }
}

/** The last one too: no module here breaks its service, but one that is not given any time does not answer either. */
const BUSY: ReadonlySet<string> = new Set(['UNHEALTHY_BASELINE', 'BUSY_MACHINE', 'BREAKS_THE_SERVICE']);

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
