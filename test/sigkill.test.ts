import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {connect} from 'node:net';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import {bin, isAlive, type Learner, newLearner, pidsOf} from './support/learner.ts';
import {markedWith, treeOf} from './support/processes.ts';
import {leaveOut} from './support/require.ts';
import {until} from './support/until.ts';

/** The command and the controller get no moment to undo anything, and no later command is there to help. */
describe('when both the command and the controller are killed', () => {
  let learner: Learner;
  beforeAll(() => {
    learner = newLearner();
  });
  beforeEach(context => {
    if (process.platform !== 'linux') leaveOut(context, 'processes are counted in /proc, which only Linux has');
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it('nothing of the system is left on the process runtime, paused nodes and links with faults among it', async () => {
    const {document: system} = await learner.json<StatusReport>('up');
    const command = spawn(process.execPath, [bin, 'load', '--rate', '5/s', '--duration', '2m'], {
      cwd: learner.folder,
      env: learner.env,
      stdio: 'ignore',
    });
    await until('the load has begun', async () => (await learner.json<StatusReport>('status')).document.check !== null);
    await Promise.all(
      [
        ['pause', 'stream-1'],
        ['pause', 'identity-db'],
        ['blackhole', 'gateway->identity'],
      ].map(async fault => learner.json<FaultRecord>('chaos', ...fault, '--for', '10m')),
    );
    const {document: broken} = await learner.json<StatusReport>('status');
    expect(broken.faults).toHaveLength(3);
    expect(broken.check).toMatchObject({lab: 'load'});
    const lived = [...pidsOf(broken), ...treeOf(system.controller.pid).map(({pid}) => pid)];
    command.kill('SIGKILL');
    process.kill(system.controller.pid, 'SIGKILL');
    const left = (): readonly number[] => [
      ...markedWith(system.session).map(({pid}) => pid),
      ...lived.filter(pid => isAlive(pid)),
    ];
    await until('everything has ended by itself', () => left().length === 0, {seen: () => left().join(', ')});
    for (const url of system.urls.gateway) expect(await whatListens(Number(new URL(url).port))).toBe('nobody');
    expect((await learner.run('status')).exitCode).toBe(4);
  });
});

async function whatListens(port: number): Promise<'somebody' | 'nobody'> {
  const socket = connect(port, '127.0.0.1');
  const answer = await Promise.race([
    once(socket, 'connect').then(() => 'somebody' as const),
    new Promise<'nobody'>(resolve => socket.once('error', () => resolve('nobody'))),
  ]);
  socket.destroy();
  return answer;
}
