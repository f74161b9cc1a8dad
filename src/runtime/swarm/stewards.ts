import {randomBytes} from 'node:crypto';
import type Docker from 'dockerode';
import {LabError} from '../../errors.ts';
import {type Engine, engineError, statusOf} from '../docker/engine.ts';
import {BASE_IMAGES, ensureImage} from '../docker/images.ts';
import {labelsOf, type Named, nameOf, SESSION_LABEL} from '../docker/labels.ts';
import {waitUntil} from '../wait.ts';
import {keepFile} from './configs.ts';
import type {Machine} from './manager.ts';
import {type ConfigFile, configReferences, DNS_OPTIONS, NO_HEALTH_CHECK} from './service-spec.ts';
import {changeService, createService, readService, servicesOf} from './services.ts';
import {hasEnded, type Task, tasksOf} from './tasks.ts';

/** The service with a task on each machine that leads to its engine; never removed before everything else is. */
export const STEWARD_NAME = 'steward';
export const STEWARD_PORT = 7071;
export const STEWARD_TUNNEL = ['node', '/steward.mjs', 'tunnel'];
/** Where engines listen; each machine's own is given to its steward. */
const ENGINE_SOCKET = '/var/run/docker.sock';
const RUN_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;
/** A machine that refuses a steward this often will go on doing so. */
const REFUSALS_MAX = 2;
const SECOND_NS = 1_000_000_000;
/** Names that are not there yet hold up a look-up each; those of others must not wait for them. */
const LOOK_UPS = 'UV_THREADPOOL_SIZE=32';

export interface RunningSteward {
  readonly container: string;
  /** On the session's network. */
  readonly address: string;
}

export interface Stewards {
  readonly service: string;
  readonly key: Buffer;
}

/**
 * Starts a steward on each machine of the swarm, or finds those that a session has already. It is run by the base image, which machines
 * pull by themselves, with its program as a config: nothing else has to be there before machines can be given what they lack.
 */
export async function ensureStewards(
  manager: Engine,
  session: Named,
  {
    network,
    program,
    say,
  }: {readonly network: string; readonly program: () => Promise<Buffer>; readonly say: (line: string) => void},
): Promise<Stewards> {
  const there = await findStewards(manager, session);
  if (there !== undefined) return there;
  await ensureImage(manager, BASE_IMAGES.node, say);
  const {Id: image} = await manager.getImage(BASE_IMAGES.node).inspect();
  const file = await keepFile(manager, session, {
    what: 'steward.mjs',
    content: await program(),
    path: '/steward.mjs',
  });
  const key = randomBytes(32);
  return {service: await createService(manager, stewardSpec(session, {image, file, network, key})), key};
}

/** The stewards that a session has; undefined where it has none. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function findStewards(manager: Engine, {session}: Named): Promise<Stewards | undefined> {
  const there = (await servicesOf(manager, session)).find(({node}) => node === STEWARD_NAME);
  return there === undefined ? undefined : {service: there.id, key: keyOf(there.spec)};
}

/** Waits until these machines have a running steward. Returns each one's, by machine, or why a machine cannot have one. */
export async function waitForStewards(
  manager: Engine,
  {service}: Stewards,
  machines: readonly Machine[],
): Promise<{readonly running: ReadonlyMap<string, RunningSteward>; readonly failed: ReadonlyMap<string, string>}> {
  let tasks: readonly Task[] = [];
  let run = 0;
  const on = (machine: Machine): readonly Task[] => tasks.filter(task => task.machine === machine.id);
  const stewardOn = (machine: Machine): RunningSteward | undefined => {
    const task = on(machine).find(({state, isWanted}) => state === 'running' && isWanted);
    const [address] = task?.addresses ?? [];
    return task?.container === undefined || address === undefined ? undefined : {container: task.container, address};
  };
  const isRunning = (machine: Machine): boolean => stewardOn(machine) !== undefined;
  const refusals = (machine: Machine): readonly string[] =>
    on(machine)
      .filter(task => hasEnded(task) && task.run === run)
      .map(({reason}) => reason);
  await waitUntil(
    async () => {
      tasks = await tasksOf(manager, [service]);
      const missing = machines.filter(machine => !isRunning(machine));
      if (run === 0 && missing.some(machine => refusals(machine).some(reason => /no such image/i.test(reason)))) {
        // By its id an image is never pulled, so that machines that have it ask no registry; by its tag it is.
        run = 1;
        await nameImage(manager, service, BASE_IMAGES.node, run);
        return false;
      }
      return missing.every(machine => refusals(machine).length >= REFUSALS_MAX);
    },
    RUN_WITHIN_MS,
    LOOK_EVERY_MS,
  );
  const missing = machines.filter(machine => !isRunning(machine));
  return {
    running: new Map(
      machines.flatMap(machine => {
        const steward = stewardOn(machine);
        return steward === undefined ? [] : [[machine.id, steward] as const];
      }),
    ),
    failed: new Map(missing.map(machine => [machine.id, refusals(machine)[0] ?? 'it was not started in time'])),
  };
}

async function nameImage(manager: Engine, id: string, image: string, run: number): Promise<void> {
  const service = await readService(manager, id);
  const spec = structuredClone(service.spec) as Docker.ServiceSpec & {TaskTemplate: Docker.ContainerTaskSpec};
  spec.TaskTemplate = {
    ...spec.TaskTemplate,
    ForceUpdate: run,
    ContainerSpec: {...spec.TaskTemplate.ContainerSpec, Image: image},
  };
  await changeService(manager, service, spec);
}

function stewardSpec(
  session: Named,
  {
    image,
    file,
    network,
    key,
  }: {readonly image: string; readonly file: ConfigFile; readonly network: string; readonly key: Buffer},
): Docker.ServiceSpec {
  const labels = labelsOf(session, 'steward', STEWARD_NAME);
  return {
    Name: nameOf(session, STEWARD_NAME),
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Command: ['node', file.path],
        Env: [
          `STEWARD_KEY=${key.toString('hex')}`,
          `STEWARD_PORT=${STEWARD_PORT}`,
          'STEWARD_SOCKET=/engine.sock',
          LOOK_UPS,
        ],
        Labels: labels,
        // The engine's socket belongs to root.
        User: '0:0',
        Init: true,
        ReadOnly: true,
        CapabilityDrop: ['ALL'],
        Mounts: [{Type: 'bind', Source: ENGINE_SOCKET, Target: '/engine.sock'}],
        Configs: configReferences([file]),
        HealthCheck: NO_HEALTH_CHECK,
        DNSConfig: {Options: DNS_OPTIONS},
        StopGracePeriod: SECOND_NS,
      },
      Resources: {Limits: {MemoryBytes: 256 * 1024 * 1024}},
      RestartPolicy: {Condition: 'any', Delay: SECOND_NS},
      Networks: [{Target: network, Aliases: [STEWARD_NAME]}],
      LogDriver: {Name: 'json-file', Options: {'max-size': '1m', 'max-file': '2'}},
    },
    Mode: {Global: {}},
    EndpointSpec: {Mode: 'dnsrr'},
    UpdateConfig: {Parallelism: 0, Order: 'stop-first', FailureAction: 'continue'},
  };
}

function keyOf({TaskTemplate: template}: Docker.ServiceSpec): Buffer {
  const {ContainerSpec: container} = (template ?? {}) as Docker.ContainerTaskSpec;
  const key = (container?.Env ?? []).find(line => line.startsWith('STEWARD_KEY='))?.slice('STEWARD_KEY='.length);
  return Buffer.from(key ?? '', 'hex');
}

/** The session's network over all machines; the one that is there already where there is one. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function ensureNetwork(manager: Engine, session: Named): Promise<string> {
  const name = nameOf(session, 'network');
  try {
    const network = await manager.createNetwork({
      Name: name,
      Driver: 'overlay',
      CheckDuplicate: true,
      Labels: labelsOf(session, 'network'),
    });
    return network.id;
  } catch (error) {
    if (statusOf(error) !== 409) throw engineError(error, "the session's network could not be made");
    const info = (await manager.getNetwork(name).inspect()) as {
      readonly Id: string;
      readonly Labels?: Readonly<Record<string, string>>;
    };
    if (info.Labels?.[SESSION_LABEL] !== session.session)
      throw new LabError('NAME_TAKEN', `The engine has a network ${name} that is not of this session.`);
    return info.Id;
  }
}
