import {get} from 'node:http';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {freePort} from './support/free-port.ts';
import {root} from './support/learner.ts';
import {requireTool} from './support/require.ts';
import {until} from './support/until.ts';

const PROJECT = 'teralab-test-compose';
const UP_BOUND_MS = 120_000;

/** The compose file by the tool that people have, which is not our code. */
describe('docker/compose.yaml', () => {
  let env: Record<string, string> = {};
  const compose = async (...args: readonly string[]) =>
    execa('docker-compose', ['--file', join(root, 'docker', 'compose.yaml'), '--project-name', PROJECT, ...args], {
      env,
    });

  beforeEach(context => {
    requireTool(context, 'docker');
    requireTool(context, 'docker-compose');
  });
  afterAll(async () => {
    if (env.GATEWAY_PORT !== undefined) await compose('down', '--volumes', '--remove-orphans', '--rmi', 'local');
  });

  it('brings a system up that answers through gateway, stream and database', async () => {
    const port = await freePort();
    env = {GATEWAY_PORT: String(port), TERALAB_TAG: 'test-compose'};
    await compose('config', '--quiet');
    await compose('up', '--detach', '--build');
    await until(
      'a page of windows comes',
      async () => (await statusOf(`http://127.0.0.1:${port}/v1/windows`)) === 200,
      {
        boundMs: UP_BOUND_MS,
      },
    );
    const {stdout} = await compose('ps', '--services', '--filter', 'status=running');
    expect(stdout.split('\n').toSorted()).toEqual([
      'broker',
      'gateway',
      'identity',
      'identity-db',
      'stream',
      'stream-db',
    ]);
  });
});

function statusOf(url: string): Promise<number | undefined> {
  return new Promise(resolve => {
    get(url, {agent: false, timeout: 5_000}, response => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('timeout', function (this: {destroy(): void}) {
        this.destroy();
      })
      .once('error', () => resolve(undefined));
  });
}
