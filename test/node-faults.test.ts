import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import type {CheckResult} from '../src/labs/verdict.ts';
import {isAlive, type Learner, newLearner, pidsOf} from './support/learner.ts';
import {unlessBusy} from './support/unless-busy.ts';
import {until} from './support/until.ts';

const LAB = 'p2-04-no-lost-events';

/** Faults of nodes by the built command, on real processes. The last test kills the system of the others. */
describe.sequential('faults of nodes', () => {
  let learner: Learner;
  beforeAll(async () => {
    learner = newLearner();
    expect((await learner.run('up')).exitCode).toBe(0);
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  const inject = async (...words: string[]): Promise<FaultRecord> =>
    (await learner.json<FaultRecord>('chaos', ...words)).document;
  const history = async (): Promise<readonly FaultRecord[]> =>
    (await learner.json<FaultRecord[]>('chaos', 'history')).document;
  const list = async (): Promise<readonly FaultRecord[]> =>
    (await learner.json<FaultRecord[]>('chaos', 'list')).document;
  const healed = async ({id}: FaultRecord): Promise<FaultRecord> => {
    let found: FaultRecord | undefined;
    await until(`${id} is healed`, async () => {
      found = (await history()).find(fault => fault.id === id && fault.healed !== undefined);
      return found !== undefined;
    });
    return found as FaultRecord;
  };
  const allReady = async (): Promise<void> =>
    until('all nodes are ready', async () =>
      (await learner.json<StatusReport>('status')).document.nodes.every(({state}) => state === 'ready'),
    );

  it.each([
    ['busy', 'identity-1', ['--share', '0.8', '--period', '500ms'], 'probes of /livez'],
    ['leak', 'stream-1', ['--rate', '60MB', '--limit', '120MB'], 'leaked'],
  ])('%s on %s bites, ends by itself, and all is as before', async (kind, target, attributes, text) => {
    const fault = await inject(kind, target, ...attributes, '--for', '5s');
    expect(fault.effect).toMatchObject({verdict: 'bites', observed: expect.stringContaining(text)});
    const ended = await healed(fault);
    expect(ended, JSON.stringify(ended)).toMatchObject({state: 'ended', endedBy: 'time', healed: {verdict: 'none'}});
    expect(ended.endedAt).toBeGreaterThanOrEqual(ended.endsAt ?? Number.POSITIVE_INFINITY);
  });

  it('deliveries are doubled and moved while there is load, and the effect says how many', async () => {
    const load = learner.run('load', '--rate', '30', '--duration', '6s', '--profile', 'writes');
    const faults = [
      await inject('redeliver', 'stream', '--share', '50%', '--until-cleared'),
      await inject('reorder', 'stream', '--window', '8', '--until-cleared'),
    ];
    await load;
    const cleared = (await learner.json<FaultRecord[]>('chaos', 'clear', '--all')).document;
    expect(cleared.map(({id}) => id).sort()).toEqual(faults.map(({id}) => id).sort());
    for (const {kind, effect} of cleared)
      expect(effect).toEqual({
        verdict: 'bites',
        observed: expect.stringMatching(
          new RegExp(`^stream-1: [1-9]\\d* of \\d+ deliveries ${kind === 'reorder' ? 'moved' : 'doubled'}$`),
        ),
      });
  });

  it('says of a service that consumes nothing that its deliveries cannot be doubled', async () => {
    const fault = await inject('redeliver', 'gateway', '--for', '1s');
    expect(fault.effect).toEqual({verdict: 'none', observed: 'gateway-1: it consumes no stream'});
  });

  it.each([
    ['crash', ['--restart-after', '1s'], 'refused'],
    ['pause', ['--for', '2s'], 'no answer'],
  ])('%s on a database bites, is over in time, and what depends on it recovers', async (kind, attributes, text) => {
    const fault = await inject(kind, 'identity-db', ...attributes);
    expect(fault.effect).toMatchObject({verdict: 'bites', observed: expect.stringContaining(text)});
    expect(await healed(fault)).toMatchObject({endedBy: 'time', healed: {verdict: 'none'}});
    await allReady();
  });

  it('a restart of a database is timed, and what depends on it recovers', async () => {
    const fault = await inject('restart', 'identity-db', '--grace', '5s');
    expect(fault.effect?.observed).toMatch(/^identity-db ready again \d+ ms after SIGTERM$/);
    await allReady();
  });

  it('clear --all leaves nothing, also of what is just being injected', async () => {
    const injecting = [
      inject('busy', 'gateway-1', '--share', '1', '--until-cleared'),
      inject('leak', 'gateway-1', '--until-cleared'),
      inject('pause', 'stream-1', '--until-cleared'),
      inject('majorities-ring', 'gateway,identity,stream', '--until-cleared'),
    ];
    await until('some of it is in force', async () => (await list()).length > 1);
    const {document} = await learner.json<FaultRecord[]>('chaos', 'clear', '--all');
    expect(document.length).toBeGreaterThan(1);
    for (const {state, endedBy} of document) expect({state, endedBy}).toEqual({state: 'ended', endedBy: 'clear'});
    await Promise.all(injecting);
    // What had not begun by then has begun now.
    await learner.run('chaos', 'clear', '--all');
    expect(await list()).toEqual([]);
    await allReady();
  });

  it('clear --all during a check ends its faults too, and the check says that it was tampered with', async () => {
    await learner.run('labs');
    learner.take(LAB, 'solution');
    let cleared: readonly FaultRecord[] = [];
    // On a machine that is too busy a check may end before its attack begins, or with its tasks open for another reason.
    const {result} = await unlessBusy(
      async () => {
        const checking = learner.json<CheckResult>('check', LAB, '--seed', '7', '--quick');
        cleared = await clearWhileInForce(checking);
        return {result: (await checking).document};
      },
      ({tasks}) => tasks.some(({code}) => code === 'FAULT_TAMPERED'),
    );
    expect(cleared).toContainEqual(
      expect.objectContaining({kind: 'crash-point', reason: `lab ${LAB}`, endedBy: 'clear'}),
    );
    expect(result.verdict).toBe('inconclusive');
    expect(result.tasks.map(({code}) => code)).toContain('FAULT_TAMPERED');
  });

  /** Clears everything once a series of the lab's crash points is in force; nothing when the check ends without having come so far. */
  async function clearWhileInForce(checking: Promise<unknown>): Promise<readonly FaultRecord[]> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    checking.then(over, over);
    while (!isOver) {
      if ((await list()).some(({kind}) => kind === 'crash-point'))
        return (await learner.json<FaultRecord[]>('chaos', 'clear', '--all')).document;
    }
    return [];
  }

  it('ends with the system when the controller is killed, a service that is blocked for good among them', async () => {
    const {document} = await learner.json<StatusReport>('up');
    await inject('busy', 'identity-1', '--share', '1', '--until-cleared');
    process.kill(document.controller.pid, 'SIGKILL');
    await until('every process is gone', async () => !pidsOf(document).some(isAlive));
  });
});
