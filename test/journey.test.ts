import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import type {CheckResult} from '../src/labs/verdict.ts';
import type {LoadSummary} from '../src/load/load.ts';
import {expectDocumented} from './support/documented.ts';
import {isAlive, type Learner, newLearner, pidsOf} from './support/learner.ts';
import {unlessBusy} from './support/unless-busy.ts';
import {until} from './support/until.ts';

const LAB = 'p2-04-no-lost-events';
const FILE = 'publisher.ts';
const SEED = '7';

/** One learner from an empty folder to a passed lab and an empty process table, without a terminal. The tests build on each other, in this order. */
describe.sequential('a learner without a terminal', () => {
  let learner: Learner;
  let pids: readonly number[] = [];

  beforeAll(() => {
    learner = newLearner();
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it('gets a healthy system from an empty folder', async () => {
    const {exitCode, document} = await learner.json<StatusReport>('up');
    expect(exitCode).toBe(0);
    expectDocumented('up', document);
    expect(document.nodes.map(({name, state}) => `${name} ${state}`)).toEqual(
      ['gateway-1', 'identity-1', 'stream-1', 'identity-db', 'stream-db', 'broker'].map(name => `${name} ready`),
    );
    pids = pidsOf(document);
    expect(pids).toHaveLength(7);
    expect(pids.filter(pid => !isAlive(pid))).toEqual([]);
    const answer = await fetch(`${document.urls.gateway[0]}/openapi.json`);
    expect(answer.status).toBe(200);
  });

  it('finds the same system with status, and leaves it as it is with another up', async () => {
    const {document} = await learner.json<StatusReport>('status');
    expectDocumented('status', document);
    expect(pidsOf(document)).toEqual(pids);
    expect(pidsOf((await learner.json<StatusReport>('up')).document)).toEqual(pids);
  });

  it('reads the labs, the path and a brief', async () => {
    const {document} = await learner.json<{id: string; status: string}[]>('labs');
    expectDocumented('labs', document);
    expect(document.map(({id}) => id)).toContain(LAB);
    expectDocumented('path', (await learner.json('path')).document);
    expectDocumented('lab', (await learner.json('lab', LAB)).document);
    const page = await learner.run('lab', LAB);
    expect(page.stdout).toContain('No lost events');
  });

  it('is told that nothing was checked or passed yet', async () => {
    const hint = await learner.json('hint', LAB);
    expect(hint).toMatchObject({exitCode: 2, document: {error: {code: 'NOTHING_CHECKED'}}});
    expectDocumented('An error', hint.document);
    const solution = await learner.json('solution', LAB);
    expect(solution).toMatchObject({exitCode: 2, document: {error: {code: 'NOT_PASSED_YET'}}});
  });

  it('fails with a code on the start files', async () => {
    const {exitCode, document} = await judged(learner);
    expectDocumented('check', document);
    expect(document).toMatchObject({lab: LAB, verdict: 'fail', seed: Number(SEED)});
    expect(exitCode).toBe(1);
    const codes = document.tasks.filter(({verdict}) => verdict === 'fail').map(({code}) => code);
    expect(codes).toContain('MISSING_EVENTS');
  });

  it('gets a hint for what failed', async () => {
    const {document} = await learner.json<{code: string; level: number}>('hint', LAB);
    expectDocumented('hint', document);
    expect(document).toMatchObject({code: 'MISSING_EVENTS', level: 1});
  });

  it('passes with the reference', async () => {
    learner.take(LAB, 'solution');
    const {exitCode, document} = await judged(learner);
    expect(document.tasks.filter(({verdict}) => verdict !== 'pass')).toEqual([]);
    expect(document.verdict).toBe('pass');
    expect(exitCode).toBe(0);
  });

  it('has the pass, the hint and the attempts on record', async () => {
    const {document} = await learner.json<{id: string}[]>('progress');
    expectDocumented('progress', document);
    expect(document.find(({id}) => id === LAB)).toMatchObject({
      status: 'passed',
      passes: [{seed: Number(SEED), runtime: 'process'}],
      last: {verdict: 'pass', codes: []},
      hints: 1,
      revealed: false,
    });
  });

  it('sees the reference after the pass', async () => {
    const {exitCode, document} = await learner.json<{files: {text: string}[]}>('solution');
    expect(exitCode).toBe(0);
    expectDocumented('solution', document);
    expect(document.files[0]?.text).toBe(readFileSync(learner.labFile(LAB, FILE), 'utf8'));
  });

  it('gets fresh files from reset, and keeps the old ones', async () => {
    const mine = readFileSync(learner.labFile(LAB, FILE), 'utf8');
    const {document} = await learner.json<{kept: string}>('reset', LAB);
    expectDocumented('reset', document);
    expect(readFileSync(join(document.kept, FILE), 'utf8')).toBe(mine);
    expect(readFileSync(learner.labFile(LAB, FILE), 'utf8')).not.toBe(mine);
    expect(readdirSync(dirname(document.kept))).toHaveLength(1);
  });

  it('moves its progress to a file and back', async () => {
    const file = join(learner.folder, 'progress.json');
    expectDocumented('progress export', (await learner.json('progress', 'export', file)).document);
    expectDocumented('progress import', (await learner.json('progress', 'import', file)).document);
  });

  it('injects a latency that bites and ends by itself', async () => {
    const {exitCode, document} = await learner.json<FaultRecord>(
      ...['chaos', 'latency', 'gateway->identity', '--latency', '250ms', '--for', '2s'],
    );
    expect(exitCode).toBe(0);
    expectDocumented('chaos <kind>', document);
    expect(document.effect?.verdict).toBe('bites');
    await until('the latency has ended', async () => (await faults(learner)).length === 0);
  });

  it.each([
    ['partition', 'identity|stream'],
    ['isolate', 'broker'],
    ['pause', 'stream-1'],
    ['crash', 'identity-1'],
  ])('injects %s on %s, which bites, and heals it', async (kind, target) => {
    const {document} = await learner.json<FaultRecord>('chaos', kind, target, '--for', '1m');
    expectDocumented('chaos <kind>', document);
    expect(document.effect).toMatchObject({verdict: 'bites'});
    const list = await faults(learner);
    expectDocumented('chaos list', list);
    expect(list.map(({id}) => id)).toEqual([document.id]);
    const cleared = await learner.json<FaultRecord[]>('chaos', 'clear', document.id);
    expectDocumented('chaos clear', cleared.document);
    expect(cleared.document[0]).toMatchObject({id: document.id, state: 'ended', endedBy: 'clear'});
    await until('all nodes are ready', async () => {
      const {nodes} = (await learner.json<StatusReport>('status')).document;
      return nodes.every(({state}) => state === 'ready');
    });
  });

  it('says beforehand what a fault would touch, and changes nothing', async () => {
    const {document} = await learner.json('chaos', 'pause', 'stream', '--dry-run');
    expectDocumented('chaos <kind>', document);
    expect(document).toMatchObject({dryRun: true, nodes: ['stream-1']});
    expect(await faults(learner)).toEqual([]);
    expectDocumented('chaos history', (await learner.json('chaos', 'history')).document);
    expectDocumented('chaos kinds', (await learner.json('chaos', 'kinds')).document);
  });

  it('drives load and sees it in the logs', async () => {
    const {document} = await learner.json<LoadSummary>('load', '--rate', '20', '--duration', '1s');
    expectDocumented('load', document);
    expect(document.sent).toBeGreaterThan(0);
    expect(document.ok + document.failed).toBe(document.sent);
    const {stdout} = await learner.run('logs', 'gateway-1', '--lines', '5', '--json');
    const lines = stdout.split('\n').map(line => JSON.parse(line));
    expect(lines).toHaveLength(5);
    for (const line of lines) expectDocumented('logs', line);
  });

  it('is told the rest in the documented shapes too', async () => {
    expectDocumented('doctor', (await learner.json('doctor')).document);
    expectDocumented('edit', (await learner.json('edit', 'p0-00-first-break')).document);
    expectDocumented('skip', (await learner.json('skip', 'p0-00-first-break')).document);
    const {document} = await learner.json<{system: unknown; path: unknown}>('start');
    expectDocumented('start', document);
    expectDocumented('status', document.system);
    expectDocumented('path', document.path);
  });

  it('leaves no process behind with down, and may repeat it', async () => {
    const {document: status} = await learner.json<StatusReport>('status');
    const all = [...new Set([...pids, ...pidsOf(status)])];
    const {exitCode, document} = await learner.json<{stopped: number}>('down');
    expectDocumented('down', document);
    expect({exitCode, stopped: document.stopped}).toEqual({exitCode: 0, stopped: status.nodes.length});
    await until('every process is gone', async () => !all.some(isAlive));
    expect((await learner.json('down')).document).toMatchObject({stopped: 0});
    expect(await learner.json('status')).toMatchObject({exitCode: 4, document: {error: {code: 'NOT_RUNNING'}}});
  });

  it('removes what teralab keeps with clean, but not progress nor workspace', async () => {
    const {document} = await learner.json<{removed: string[]}>('clean');
    expectDocumented('clean', document);
    expect(document.removed.length).toBeGreaterThan(0);
    const {document: progress} = await learner.json<{id: string; status: string}[]>('progress');
    expect(progress.find(({id}) => id === LAB)?.status).toBe('passed');
    expect(readFileSync(learner.labFile(LAB, FILE), 'utf8')).toContain('publish');
  });
});

async function judged(learner: Learner) {
  return unlessBusy(
    async () => {
      const checked = await learner.json<CheckResult>('check', LAB, '--seed', SEED);
      return {...checked, result: checked.document};
    },
    ({verdict}) => verdict === 'fail',
  );
}

async function faults(learner: Learner): Promise<readonly FaultRecord[]> {
  return (await learner.json<FaultRecord[]>('chaos', 'list')).document;
}
