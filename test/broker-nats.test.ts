import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import type {LoadSummary} from '../src/load/load.ts';
import {expectDocumented} from './support/documented.ts';
import {isAlive, type Learner, newLearner, pidsOf} from './support/learner.ts';
import {requireTool} from './support/require.ts';
import {until} from './support/until.ts';

/** A system whose broker is a NATS server. The tests build on each other, in this order. */
describe.sequential('a system with the NATS broker', () => {
  let learner: Learner;
  let pids: readonly number[] = [];
  let gateway = '';

  beforeAll(() => {
    learner = newLearner();
  });
  beforeEach(context => requireTool(context, 'nats-server'));
  afterAll(async () => learner[Symbol.asyncDispose]());

  it('comes up, and says how to connect', async () => {
    const {exitCode, document} = await learner.json<StatusReport>('up', '--broker', 'nats');
    expect(exitCode).toBe(0);
    expectDocumented('up', document);
    expect(document.nodes.map(({name, state}) => `${name} ${state}`)).toContain('broker ready');
    expect(document.nodes.find(({name}) => name === 'broker')?.url).toMatch(/^nats:\/\/teralab@127\.0\.0\.1:\d+$/);
    expect(document.connect.filter(line => line.startsWith('nats --server nats://teralab:'))).toHaveLength(1);
    pids = pidsOf(document);
    gateway = document.urls.gateway[0] ?? '';
  });

  it('says that another engine needs another system', async () => {
    const {document} = await learner.json('up', '--broker', 'postgres');
    expect(document).toMatchObject({error: {code: 'BUSY'}});
  });

  it('brings what happens in one service to another', async () => {
    const {document} = await learner.json<LoadSummary>('load', '--rate', '20/s', '--duration', '2s');
    expect(document.ok).toBeGreaterThan(0);
    await comesThrough(gateway);
  });

  it('feels faults on links to the broker, and outlives a crash of it', async () => {
    const slow = await learner.json<FaultRecord>(
      'chaos',
      'latency',
      'identity->broker',
      '--latency',
      '200ms',
      '--for',
      '1m',
    );
    expect(slow.document.effect?.verdict).toBe('bites');
    await learner.run('chaos', 'clear', '--all');
    const crash = await learner.json<FaultRecord>('chaos', 'crash', 'broker', '--for', '1s');
    expect(crash.document.effect?.verdict).toBe('bites');
    await until('the broker is ready again', async () => {
      const {document} = await learner.json<StatusReport>('status');
      return document.nodes.some(
        ({name, state, pid}) => name === 'broker' && state === 'ready' && !pids.includes(pid ?? 0),
      );
    });
    await comesThrough(gateway);
  });

  it('is gone after down', async () => {
    expect((await learner.run('down')).exitCode).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

/** What an account reports is taken in by the broker, and shown once a consumer has projected it. */
async function comesThrough(gateway: string): Promise<void> {
  const password = 'long enough for this';
  const {id} = await call(gateway, 'POST', '/v1/accounts', {name: 'somebody', password});
  const {token} = await call(gateway, 'POST', '/v1/sessions', {account: id, password});
  await call(gateway, 'POST', '/v1/activity', {kind: 'tested'}, token);
  await until('the activity is shown', async () => {
    const {items} = await call(gateway, 'GET', `/v1/activity/${id}`, undefined, token);
    return items.some(({kind}) => kind === 'tested');
  });
}

interface Answer {
  readonly id: string;
  readonly token: string;
  readonly items: readonly {readonly kind: string}[];
}

/** Asks until it is answered: right after a fault circuits may be open. */
async function call(gateway: string, method: string, path: string, body?: object, token = ''): Promise<Answer> {
  let answer: Answer | undefined;
  let seen = '';
  const headers = {'content-type': 'application/json', ...(token === '' ? {} : {authorization: `Bearer ${token}`})};
  const ask = async (): Promise<boolean> => {
    const request = {method, headers, ...(body === undefined ? {} : {body: JSON.stringify(body)})};
    const response = await fetch(`${gateway}${path}`, request).catch(() => undefined);
    seen = `${response?.status} ${await response?.clone().text()}`;
    if (response?.ok === true) answer = (await response.json()) as Answer;
    return answer !== undefined;
  };
  await until(`${method} ${path} is answered`, ask, {seen: () => seen});
  if (answer === undefined) throw new Error('unreachable');
  return answer;
}
