import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import type {NodeStatus, StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import type {CheckResult} from '../src/labs/verdict.ts';
import {expectDocumented} from './support/documented.ts';
import {isAlive, type Learner, newLearner} from './support/learner.ts';
import {requireSwarm} from './support/require.ts';
import {dockerOn, endMachine, engineOf, leftOn, requireOwnSwarm, swarmEngines} from './support/swarm.ts';
import {until} from './support/until.ts';

const LAB = 'p2-04-no-lost-events';
const SEED = '7';

describe('a learner whose engine manages no swarm', () => {
  it('is told what it is, and what to do', async context => {
    const host = requireSwarm(context);
    const [, worker] = requireOwnSwarm(context, host);
    await using learner = newLearner({DOCKER_HOST: worker ?? ''});
    const {exitCode, document} = await learner.json<{error: {code: string; fix: string}}>('up', '--runtime', 'swarm');
    expect([exitCode, document.error.code]).toEqual([4, 'NO_SWARM']);
    expect(document.error.fix).toContain('docker swarm init');
  });
});

/**
 * One learner whose system runs on three engines in a swarm; the Docker CLI says what is on each. The tests build on each other, in this
 * order; the last one leaves the swarm without one of its machines.
 */
describe.sequential('a learner with a swarm', () => {
  let host: string;
  let learner: Learner | undefined;
  let system: StatusReport;
  const use = (): Learner => {
    if (learner === undefined) throw new Error('there is no learner');
    return learner;
  };
  const status = async (): Promise<StatusReport> => (await use().json<StatusReport>('status')).document;
  const places = async (nodes: readonly NodeStatus[], engines = swarmEngines(host)) =>
    new Map(
      await Promise.all(
        nodes.map(async ({name, container = ''}) => [name, await engineOf(container, engines)] as const),
      ),
    );

  beforeEach(context => {
    host = requireSwarm(context);
    learner ??= newLearner({DOCKER_HOST: host});
  });
  afterAll(async () => learner?.[Symbol.asyncDispose]());

  it('gets the same system, spread over the machines', async () => {
    const {exitCode, document} = await use().json<StatusReport>('up', '--runtime', 'swarm');
    expect(exitCode).toBe(0);
    expectDocumented('up', document);
    expect(document.runtime).toBe('swarm');
    system = document;
    const names = ['broker', 'gateway-1', 'identity-1', 'identity-db', 'stream-1', 'stream-db'];
    expect(document.nodes.map(({name, state}) => `${name} ${state}`).toSorted()).toEqual(
      names.map(name => `${name} ready`),
    );
    const where = await places(document.nodes);
    expect(new Set(where.values()).size).toBe(swarmEngines(host).length);
    for (const {name, container = ''} of document.nodes)
      expect(await dockerOn(where.get(name) ?? '', 'inspect', '--format', '{{.Config.Hostname}}', container)).toBe(
        name,
      );
    const answer = await fetch(`${document.urls.gateway[0]}/openapi.json`);
    expect(answer.status).toBe(200);
  });

  it.each([
    ['pause', 'stream-1'],
    ['packet-loss', 'identity-1', '--loss', '0.3'],
  ])(
    'injects %s on %s, on whichever machine that is, which bites, and heals it',
    async (kind, target, ...attributes) => {
      const {document} = await use().json<FaultRecord>('chaos', kind, target, ...attributes, '--for', '1m');
      expect(document.effect).toMatchObject({verdict: 'bites'});
      const cleared = await use().json<FaultRecord[]>('chaos', 'clear', document.id);
      expect(cleared.document[0]).toMatchObject({id: document.id, state: 'ended', endedBy: 'clear'});
      await until('all nodes are ready', async () => (await status()).nodes.every(({state}) => state === 'ready'));
    },
  );

  it('fails a lab on the start files, and passes it with the reference', async () => {
    const failed = await judged(use());
    expect(failed.document).toMatchObject({lab: LAB, verdict: 'fail', runtime: 'swarm'});
    use().take(LAB, 'solution');
    const passed = await judged(use());
    expect(passed.document.tasks.filter(({verdict}) => verdict !== 'pass')).toEqual([]);
    expect(passed.exitCode).toBe(0);
  });

  it('leaves nothing on any engine with down', async () => {
    expect(await leftOn(swarmEngines(host), system.session)).not.toEqual([]);
    expect((await use().run('down')).exitCode).toBe(0);
    await until('all of it is gone', async () => (await leftOn(swarmEngines(host), system.session)).length === 0);
    expect(isAlive(system.controller.pid)).toBe(false);
  });

  it('has faults end on time when the controller is killed, and finds nothing left after the next command', async () => {
    const {document} = await use().json<StatusReport>('up', '--runtime', 'swarm');
    const place = (await places(document.nodes)).get('stream-1') ?? '';
    const paused = async (): Promise<string> => dockerOn(place, 'ps', '-q', '--filter', 'status=paused');
    await use().run('chaos', 'pause', 'stream-1', '--for', '5s');
    expect(await paused()).not.toBe('');
    process.kill(document.controller.pid, 'SIGKILL');
    await until('it goes on', async () => (await paused()) === '');
    expect(await leftOn(swarmEngines(host), document.session)).not.toEqual([]);
    expect((await use().run('status')).exitCode).toBe(4);
    await until('all of it is gone', async () => (await leftOn(swarmEngines(host), document.session)).length === 0);
  });

  it('goes on without a machine that has gone, and removes the rest of it from the others', async context => {
    const engines = requireOwnSwarm(context, host);
    const {document} = await use().json<StatusReport>('up', '--runtime', 'swarm', '--replicas', 'identity=2');
    const lost = (await places(document.nodes)).get('identity-1') ?? '';
    expect(lost).not.toBe(host);
    const rest = engines.filter(engine => engine !== lost);
    await endMachine(lost);
    await until(
      'all nodes are ready elsewhere',
      async () => {
        const {nodes} = await status();
        if (!nodes.every(({state}) => state === 'ready')) return false;
        return places(nodes, rest).then(
          () => true,
          () => false,
        );
      },
      {boundMs: 90_000},
    );
    const answer = await fetch(`${document.urls.gateway[0]}/openapi.json`);
    expect(answer.status).toBe(200);
    const down = await use().run('down');
    expect(down.exitCode).toBe(0);
    expect(down.stderr).toContain('is not there');
    await until('all of it is gone', async () => (await leftOn(rest, document.session)).length === 0);
    // For the time when it is back.
    const record = join(use().env.TERALAB_HOME ?? '', 'state', 'engines', `${document.session}.json`);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({engine: {machines: [expect.any(String)]}});
  });
});

/** A busy machine may make a check inconclusive; it is asked again. */
async function judged(learner: Learner) {
  for (let attempt = 1; ; attempt++) {
    const checked = await learner.json<CheckResult>('check', LAB, '--seed', SEED);
    if (checked.document.verdict !== 'inconclusive' || attempt === 3) return checked;
  }
}
