import type Docker from 'dockerode';
import {type Engine, engineError} from '../docker/engine.ts';
import {labelsOf, type Named} from '../docker/labels.ts';
import {type PutFiles, putFiles} from '../docker/put-files.ts';

/**
 * Puts files into the volume of a node before the engine starts it: a swarm starts containers as soon as it has made them, so that a
 * container that is never started is what they are copied into. Errors: ENGINE_FAILED, ENGINE_MISSING, NO_SPACE.
 */
export async function fillVolume(
  engine: Engine,
  session: Named,
  {
    image,
    options,
    files,
  }: {readonly image: string; readonly options: Docker.ContainerCreateOptions; readonly files: PutFiles},
): Promise<void> {
  try {
    const holder = await engine.createContainer({
      Image: image,
      Cmd: ['none'],
      Labels: labelsOf(session, 'helper'),
      HostConfig: {Mounts: [...(options.HostConfig?.Mounts ?? [])], NetworkMode: 'none'},
    });
    await putFiles(holder, files).finally(async () => holder.remove({force: true}));
  } catch (error) {
    throw engineError(error, `the files of ${options.Hostname ?? 'a node'} could not be brought to its machine`);
  }
}
