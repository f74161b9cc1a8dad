import type Docker from 'dockerode';
import {LabError} from '../../errors.ts';
import type {Engine} from '../docker/engine.ts';
import type {RollOut} from '../runtime.ts';
import {waitUntil} from '../wait.ts';
import {changeService, type KnownService, readService} from './services.ts';
import {tasksOf} from './tasks.ts';

const SECOND_NS = 1_000_000_000;
/** A task that is healthy has to stay so for this long. */
const MONITOR_NS = 3 * SECOND_NS;
/** Starting, being found unhealthy and going back takes some tens of seconds on a slow machine; this (ms) is a bound against hanging. */
const DONE_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;

/** The image's own question whether a service lives, asked often enough that nobody has to wait for the answer. */
const HEALTH_CHECK: Docker.HealthConfig = {
  Test: ['CMD', 'node', '/app/docker/start.mjs', 'health'],
  Interval: SECOND_NS,
  Timeout: 3 * SECOND_NS,
  Retries: 3,
  StartPeriod: 5 * SECOND_NS,
};

/** The specification of a roll-out: the new task first, and back to the old one when the new one fails. */
export function rollingSpec(spec: Docker.ServiceSpec): Docker.ServiceSpec {
  const template = spec.TaskTemplate as Docker.ContainerTaskSpec;
  return {
    ...spec,
    TaskTemplate: {...template, ContainerSpec: {...template.ContainerSpec, HealthCheck: HEALTH_CHECK}},
    UpdateConfig: {Parallelism: 1, Order: 'start-first', FailureAction: 'rollback', Monitor: MONITOR_NS},
    RollbackConfig: {Parallelism: 1, Order: 'start-first', FailureAction: 'pause', Monitor: SECOND_NS},
  };
}

/** Changes a service and waits for what the engine makes of it on the service's machine. Returns the new container, or why the engine went back to the old one. */
export async function rollService(
  manager: Engine,
  machine: Engine,
  existing: KnownService,
  spec: Docker.ServiceSpec,
): Promise<{readonly container: string} | Extract<RollOut, {outcome: 'rolled-back'}>> {
  await changeService(manager, existing, spec);
  const run = spec.TaskTemplate?.ForceUpdate ?? 0;
  let change: KnownService['change'];
  const isDone = await waitUntil(
    async () => {
      ({change} = await readService(manager, existing.id));
      return change !== undefined && /^(completed|paused|rollback_completed|rollback_paused)$/.test(change.state);
    },
    DONE_WITHIN_MS,
    LOOK_EVERY_MS,
  );
  const task = (await tasksOf(manager, [existing.id])).find(candidate => candidate.run === run);
  const container = task?.container;
  if (change?.state === 'completed' && container !== undefined) return {container};
  const reason =
    (await illnessOf(machine, container)) ?? (task?.reason || change?.message || 'the engine gave no reason');
  if (change?.state === 'rollback_completed') return {outcome: 'rolled-back', reason};
  throw new LabError(
    'ENGINE_FAILED',
    `The roll-out of ${existing.node} ${isDone ? `ended as ${change?.state}` : `was not over after ${DONE_WITHIN_MS / 1000} s`}: ${reason}`,
  );
}

/** What the engine ends for its illness ends in order: only its container knows why. */
async function illnessOf(machine: Engine, container: string | undefined): Promise<string | undefined> {
  if (container === undefined) return undefined;
  const info = await machine
    .getContainer(container)
    .inspect()
    .catch(() => undefined);
  const {Status: status, FailingStreak: failures} = info?.State.Health ?? {};
  return failures === undefined || failures < (HEALTH_CHECK.Retries ?? 0)
    ? undefined
    : `its health check failed ${failures} times in a row (${status})`;
}
