import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import type Docker from 'dockerode';
import {LabError} from '../../errors.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {createAddressBook} from '../docker/address-book.ts';
import type {StartedContainer} from '../docker/container-node.ts';
import {stopAll} from '../docker/docker-runtime.ts';
import {BASE_IMAGES, imageId} from '../docker/images.ts';
import {programOf} from '../docker/program.ts';
import {AGENT_NAME, natsFiles, natsSpec, postgresSpec, serviceSpec} from '../docker/specs.ts';
import {LOOPBACK} from '../ports.ts';
import type {Runtime, StartOptions} from '../runtime.ts';
import {keepModules} from './configs.ts';
import {fillVolume} from './fill-volume.ts';
import type {Fleet} from './fleet.ts';
import type {ReachedMachine} from './machines.ts';
import {createPlaces} from './places.ts';
import {type PreparedSwarm, prepareSwarm, type SwarmSetup, startAgent} from './prepare-swarm.ts';
import {removeFromSwarm, removeSwarmSession} from './remove-session.ts';
import {rollingSpec, rollService} from './roll-out.ts';
import {runTask} from './run-task.ts';
import {asService} from './service-spec.ts';
import {type KnownService, servicesOf} from './services.ts';
import {asTaskNode} from './task-node.ts';

export interface SwarmRuntimeOptions extends SwarmSetup {
  readonly logFolder: string;
  /** Port of this machine for the first gateway; without it 4000 or the next free one. */
  readonly gatewayPort?: number;
  /** Told when the system goes down of machines (ids) that are not there, and keep what the session has left on them. */
  readonly onLeft?: (machines: readonly string[]) => Promise<void>;
}

interface Specified {
  /** As the docker runtime would make its container. */
  readonly container: Docker.ContainerCreateOptions;
  readonly spec: Docker.ServiceSpec;
  readonly existing: KnownService | undefined;
}

/**
 * Runs nodes as services of a Docker swarm, one service with one task each: this runtime says on which machine, and the controller, not
 * the engine, starts again what has ended. An overlay network of the session's own connects them; nothing is published, and the lab
 * reaches everything through a tunnel. All of it carries the session's label.
 */
export function createSwarmRuntime(options: SwarmRuntimeOptions): Runtime {
  const {session, logFolder} = options;
  const book = createAddressBook();
  const sessionSecret = randomBytes(32).toString('base64url');
  const running = new Map<string, StartedContainer>();
  const alive = new Set<string>();
  const places = createPlaces();
  let runs = 0;
  let preparing: Promise<PreparedSwarm> | undefined;
  let prepared: PreparedSwarm | undefined;
  let fleet: Fleet | undefined;
  let isDown = false;

  const logFile = (node: string): string => join(logFolder, `${node}.log`);
  const prepareOnce = async (nodes: readonly PlannedNode[], say: (line: string) => void): Promise<PreparedSwarm> => {
    const onFleet = (opened: Fleet): void => {
      fleet = opened;
    };
    const swarm = await prepareSwarm(options, nodes, {say, onFleet});
    const gatewayPorts = await book.claimGatewayPorts(options.gatewayPort);
    const address = {host: LOOPBACK, port: await book.claimPort()};
    say('starting the agent');
    return startAgent(swarm, {address, gatewayPorts, logFile: logFile(AGENT_NAME)});
  };
  const need = (): PreparedSwarm => {
    if (prepared === undefined) throw new LabError('INTERNAL', 'The swarm runtime was used before it was prepared.');
    return prepared;
  };
  /** What the engine is to make of a node on this machine, and what it has made of it before. */
  const specify = async (
    node: PlannedNode,
    machine: ReachedMachine,
    startOptions: StartOptions,
  ): Promise<Specified> => {
    const {place, images, fleet: swarm} = need();
    const {engine} = swarm.manager;
    const isService = node.kind === 'service';
    const [modules, services] = await Promise.all([
      keepModules(engine, {session}, isService ? startOptions.seams : {}),
      servicesOf(engine, session),
    ]);
    const address = book.address(node.name);
    const program = programOf(node);
    const image = program === 'service' ? images.get(machine.id) : await imageId(machine.engine, BASE_IMAGES[program]);
    if (image === undefined) throw new LabError('IMAGE_MISSING', `${machine.name} has no image for ${node.name}.`);
    const container =
      program === 'service'
        ? serviceSpec(place, node, {options: startOptions, sessionSecret, seams: modules.paths, address})
        : program === 'postgres'
          ? postgresSpec(place, node, {password: book.password(node.name), address})
          : natsSpec(place, node, {address});
    if (program === 'nats')
      await fillVolume(
        machine.engine,
        {session},
        {image, options: container, files: natsFiles(book.password(node.name))},
      );
    runs += 1;
    const spec = asService(container, {
      session,
      network: swarm.network,
      entrance: swarm.entrance,
      machine: machine.id,
      image,
      configs: modules.files,
      run: runs,
    });
    return {container, spec, existing: services.find(service => service.node === node.name)};
  };
  const adopt = (
    node: PlannedNode,
    machine: ReachedMachine,
    id: string,
    container: Docker.ContainerCreateOptions,
  ): StartedContainer => {
    const started = asTaskNode(machine, id, {
      node,
      options: container,
      address: book.address(node.name),
      logFile: logFile(node.name),
      control: node.kind === 'service',
    });
    running.set(node.name, started);
    alive.add(node.name);
    void started.exited.then(() => running.get(node.name) === started && alive.delete(node.name));
    return started;
  };

  return {
    name: 'swarm',
    prepare: async (planned, say) => {
      const fresh = await book.enter(planned);
      preparing ??= prepareOnce(planned, say);
      prepared = await preparing;
      places.place(prepared.fleet, fresh);
      for (const node of fresh) {
        // A name is looked up only while somebody has it.
        const inside = (): Address | undefined => (alive.has(node.name) ? book.upstream(node.name) : undefined);
        await prepared.fleet.tunnel.forward(book.address(node.name).port, inside);
      }
    },
    start: async (node, startOptions) => {
      const {fleet: swarm} = need();
      await running.get(node.name)?.removed;
      const machine = places.machine(swarm, node);
      const {container, spec, existing} = await specify(node, machine, startOptions);
      const task = await runTask(swarm.manager.engine, spec, existing);
      const started = adopt(node, machine, task.container, container);
      if (isDown) {
        await started.kill();
        throw new LabError('NODE_GONE', `${node.name} was started while the system went down.`);
      }
      return started;
    },
    rollOut: async (node, startOptions) => {
      const {fleet: swarm} = need();
      if (node.kind !== 'service')
        throw new LabError('NOT_POSSIBLE_HERE', `${node.name} keeps data: two of it cannot run side by side.`);
      const machine = places.machine(swarm, node);
      const {container, spec, existing} = await specify(node, machine, startOptions);
      if (existing === undefined || !alive.has(node.name))
        throw new LabError('NODE_GONE', `${node.name} is not running.`);
      const rolled = await rollService(swarm.manager.engine, machine.engine, existing, rollingSpec(spec));
      if ('outcome' in rolled) return rolled;
      return {outcome: 'replaced', node: adopt(node, machine, rolled.container, container)};
    },
    address: book.address,
    upstream: book.upstream,
    outside: book.outside,
    agent: () => need().agent,
    postgres: book.postgres,
    broker: book.broker,
    logFile,
    describe: () => need().abilities,
    down: async (say = () => undefined) => {
      isDown = true;
      // Where nothing was ever begun there is nothing to remove.
      if (preparing === undefined) return;
      await preparing.catch(() => undefined);
      await stopAll(running.values());
      const opened = fleet;
      // Another attempt, where this one fails, finds its own way to the machines.
      fleet = undefined;
      const machines = opened?.machines ?? [];
      const left =
        opened === undefined
          ? await removeSwarmSession(options.endpoint, session, {program: options.steward, say})
          : await removeFromSwarm(
              opened,
              session,
              machines.map(({id}) => id),
            ).finally(async () => opened.close());
      preparing = undefined;
      if (left.length > 0) await options.onLeft?.(left);
      for (const {name} of machines.filter(({id}) => left.includes(id)))
        say(`${name} is not there; what is left on it is removed by a later \`teralab up\`, once it is`);
      book.release();
    },
  };
}
