import type Docker from 'dockerode';
import {LabError} from '../../errors.ts';
import type {Engine} from '../docker/engine.ts';
import {waitUntil} from '../wait.ts';
import {changeService, createService, type KnownService} from './services.ts';
import {hasEnded, type Task, tasksOf} from './tasks.ts';

/** Images are there already; a task that has no container by then will not get one. */
const START_WITHIN_MS = 45_000;
const LOOK_EVERY_MS = 50;

/**
 * Makes a service, or changes the one there is, and waits until its task has a container that was started, on whichever machine the
 * specification says. Errors: ENGINE_FAILED with what the engine says of it, IMAGE_MISSING, NAME_TAKEN, ENGINE_MISSING.
 */
export async function runTask(
  manager: Engine,
  spec: Docker.ServiceSpec,
  existing: KnownService | undefined,
): Promise<{readonly service: string; readonly container: string}> {
  const what = spec.Labels?.['dev.teralab.node'] ?? spec.Name ?? 'a service';
  const run = spec.TaskTemplate?.ForceUpdate ?? 0;
  if (existing !== undefined) await changeService(manager, existing, spec);
  const service = existing?.id ?? (await createService(manager, spec));
  let task: Task | undefined;
  await waitUntil(
    async () => {
      task = (await tasksOf(manager, [service])).find(candidate => candidate.run === run);
      return task !== undefined && (hasEnded(task) || (task.state === 'running' && task.container !== undefined));
    },
    START_WITHIN_MS,
    LOOK_EVERY_MS,
  );
  // One that has ended meanwhile has a container, too, whose log says why.
  if (task?.container !== undefined && (task.state === 'running' || wasStarted(task)))
    return {service, container: task.container};
  const reason = task?.reason ?? 'the manager has not placed it';
  const state = task === undefined || hasEnded(task) ? '' : ` (${task.state} after ${START_WITHIN_MS / 1000} s)`;
  throw new LabError(
    /no such image/i.test(reason) ? 'IMAGE_MISSING' : 'ENGINE_FAILED',
    `${what} could not be started${state}: ${reason}`,
  );
}

function wasStarted({state}: Task): boolean {
  return state === 'complete' || state === 'failed' || state === 'shutdown';
}
