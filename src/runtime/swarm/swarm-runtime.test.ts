import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeEach, describe} from 'vitest';
import {requireSwarm, swarmHost} from '../../../test/support/require.ts';
import {engineOf, swarmEngines} from '../../../test/support/swarm.ts';
import {runtimeContract} from '../runtime-contract.ts';
import {stewardProgram, testContext} from '../testing/image-context.ts';
import {createSwarmRuntime} from './swarm-runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'teralab-swarm-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const host = swarmHost() ?? '';
const newSession = (): string => randomBytes(6).toString('hex');
const makeRuntime = (session = newSession()) =>
  createSwarmRuntime({
    session,
    endpoint: {host, source: 'TERALAB_SWARM_HOST'},
    context: testContext,
    steward: stewardProgram,
    logFolder: join(folder, session),
  });

describe('on a swarm', () => {
  beforeEach(context => void requireSwarm(context));

  runtimeContract('swarm', async () => ({
    runtime: makeRuntime(),
    killFromOutside: async ({container = ''}) => {
      const engine = await engineOf(container, swarmEngines(host));
      await execa('docker', ['--host', engine, 'kill', container]);
    },
  }));
});
