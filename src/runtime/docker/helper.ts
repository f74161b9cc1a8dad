import {type Engine, engineError} from './engine.ts';
import {type Ran, readBoth} from './exec.ts';
import {labelsOf} from './labels.ts';
import {waitForEnd} from './wait-for-end.ts';

const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * Runs a shell script in a short-lived container that shares the network of another one, with the right to change that and no other.
 * Errors: those of `engineError`.
 */
export async function runInNetworkOf(
  engine: Engine,
  {container, session, image}: {readonly container: string; readonly session: string; readonly image: string},
  script: string,
): Promise<Ran> {
  const what = 'the helper that changes packet rules could not be run';
  const helper = await engine
    .createContainer({
      Image: image,
      Entrypoint: ['sh', '-c'],
      Cmd: [script],
      User: '0',
      Labels: labelsOf({session}, 'helper'),
      Healthcheck: {Test: ['NONE']},
      HostConfig: {
        NetworkMode: `container:${container}`,
        CapDrop: ['ALL'],
        CapAdd: ['NET_ADMIN'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        Memory: MEMORY_BYTES,
        MemorySwap: MEMORY_BYTES,
        PidsLimit: 32,
        RestartPolicy: {Name: 'no'},
      },
    })
    .catch(error => {
      throw engineError(error, what);
    });
  try {
    const stream = await helper.attach({stream: true, stdout: true, stderr: true});
    const said = readBoth(engine, stream);
    await helper.start();
    const code = await waitForEnd(engine, helper.id);
    return {...(await said), code};
  } catch (error) {
    throw engineError(error, what);
  } finally {
    await helper.remove({force: true, v: true}).catch(() => undefined);
  }
}
