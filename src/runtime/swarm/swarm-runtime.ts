import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import {releasePort} from '../../port-claims.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {StartedContainer} from '../docker/container-node.ts';
import {AGENT, gatewayPortsOf, stopAll} from '../docker/docker-runtime.ts';
import type {EngineEndpoint} from '../docker/endpoint.ts';
import {BASE_IMAGES, type ContextFile, ensureImage, ensureSystemImage} from '../docker/images.ts';
import {AGENT_NAME, agentSpec, INSIDE, postgresSpec, type SessionPlace, serviceSpec} from '../docker/specs.ts';
import {createPorts, LOOPBACK} from '../ports.ts';
import {roleOf} from '../postgres-settings.ts';
import type {AgentAccess, Runtime, StartOptions} from '../runtime.ts';
import {keepModules} from './configs.ts';
import {type Fleet, machineOf, openFleet} from './fleet.ts';
import {bringImages} from './images-on-machines.ts';
import {openManager} from './manager.ts';
import {choosePlace} from './placement.ts';
import {removeFromSwarm, removeSwarmSession} from './remove-session.ts';
import {runTask} from './run-task.ts';
import {asService} from './service-spec.ts';
import {servicesOf} from './services.ts';
import {asTaskNode} from './task-node.ts';

export interface SwarmRuntimeOptions {
  /** Marks everything that this runtime makes. */
  readonly session: string;
  /** The engine that manages the swarm. */
  readonly endpoint: EngineEndpoint;
  /** What the image of services and agent is built from. */
  readonly context: () => Promise<readonly ContextFile[]>;
  /** What stewards run: `steward.mjs`. */
  readonly steward: () => Promise<Buffer>;
  readonly logFolder: string;
  /** Port of this machine for the first gateway; without it 4000 or the next free one. */
  readonly gatewayPort?: number;
  /** Told when the system goes down of machines (ids) that are not there, and keep what the session has left on them. */
  readonly onLeft?: (machines: readonly string[]) => Promise<void>;
}

interface Images {
  readonly system: string;
  readonly postgres: string;
}

/** What `prepare` has made once for all nodes. */
interface Prepared {
  readonly fleet: Fleet;
  readonly place: SessionPlace;
  /** Ids of images, by machine. */
  readonly images: ReadonlyMap<string, Images>;
  readonly agent: AgentAccess;
  readonly agentNode: StartedContainer;
  readonly gatewayPorts: readonly number[];
}

/**
 * Runs nodes as services of a Docker swarm, one service with one task each: this runtime says on which machine, and the controller, not
 * the engine, starts again what has ended. An overlay network of the session's own connects them; nothing is published, and the lab
 * reaches everything through a tunnel. All of it carries the session's label.
 */
export function createSwarmRuntime(options: SwarmRuntimeOptions): Runtime {
  const {session, logFolder} = options;
  const nextPort = createPorts();
  const sessionSecret = randomBytes(32).toString('base64url');
  const nodes = new Map<string, PlannedNode>();
  const addresses = new Map<string, Address>();
  const passwords = new Map<string, string>();
  const running = new Map<string, StartedContainer>();
  const alive = new Set<string>();
  /** Machine of each node. For what keeps data it is chosen once: the data are there. */
  const places = new Map<string, string>();
  const runs = new Map<string, number>();
  const claimed: number[] = [];
  let preparing: Promise<Prepared> | undefined;
  let prepared: Prepared | undefined;
  let fleet: Fleet | undefined;
  let isDown = false;

  const logFile = (node: string): string => join(logFolder, `${node}.log`);
  const claim = async (port: Promise<number>): Promise<number> => {
    const taken = await port;
    claimed.push(taken);
    return taken;
  };
  const nextRun = (name: string): number => {
    const run = (runs.get(name) ?? 0) + 1;
    runs.set(name, run);
    return run;
  };

  const prepareOnce = async (say: (line: string) => void): Promise<Prepared> => {
    const manager = await openManager(options.endpoint);
    say(`preparing images on the swarm at ${options.endpoint.host}`);
    const [systemImage] = await Promise.all([
      ensureSystemImage(manager.engine, await options.context(), say),
      ensureImage(manager.engine, BASE_IMAGES.postgres, say),
    ]);
    const opened = await openFleet(manager, {session: {session}, program: options.steward, say});
    fleet = opened;
    say(`using ${opened.machines.map(({name}) => name).join(', ')}`);
    const images = new Map(
      await Promise.all(
        opened.machines.map(async machine => {
          const wanted = [systemImage, BASE_IMAGES.postgres];
          const [system = '', postgres = ''] = await bringImages(manager.engine, machine, wanted, say);
          return [machine.id, {system, postgres}] as const;
        }),
      ),
    );
    const place = {session, systemImage, network: opened.network, publishes: false};
    const gatewayPorts = await gatewayPortsOf(options.gatewayPort, claim);
    const address = {host: LOOPBACK, port: await claim(nextPort())};
    const token = randomBytes(24).toString('base64url');
    say('starting the agent');
    const machine = machineOf(opened, manager.machine, 'The agent');
    const spec = asService(agentSpec(place, {token, port: address.port, gatewayPorts}), {
      session,
      network: opened.network,
      machine: machine.id,
      image: images.get(machine.id)?.system ?? '',
      configs: [],
      run: nextRun(AGENT_NAME),
    });
    const {container} = await runTask(manager.engine, spec, undefined);
    const agentNode = asTaskNode(machine, container, {
      node: AGENT,
      address,
      logFile: logFile(AGENT_NAME),
      control: false,
    });
    await opened.tunnel.forward(address.port, {host: AGENT_NAME, port: INSIDE.agent});
    for (const [index, port] of gatewayPorts.entries())
      await opened.tunnel.forward(port, {host: AGENT_NAME, port: INSIDE.gatewayFirst + index});
    return {fleet: opened, place, images, agent: {address, token, container}, agentNode, gatewayPorts};
  };
  const need = (): Prepared => {
    if (prepared === undefined) throw new LabError('INTERNAL', 'The swarm runtime was used before it was prepared.');
    return prepared;
  };
  const known = <T>(values: ReadonlyMap<string, T>, node: string): T => {
    const value = values.get(node);
    if (value !== undefined) return value;
    const close = nearest(node, [...values.keys()]);
    throw new LabError(
      'UNKNOWN_NODE',
      `There is no node "${node}" here${close === undefined ? '' : `; did you mean ${close}?`}`,
    );
  };
  const upstream = (node: string): Address => ({
    host: node,
    port: known(nodes, node).kind === 'service' ? INSIDE.service : INSIDE.postgres,
  });
  const placeNode = (node: PlannedNode): string => {
    const there = need().fleet.machines.filter(({isThere}) => isThere);
    const current = places.get(node.name);
    if (current !== undefined && (node.kind !== 'service' || there.some(({id}) => id === current))) return current;
    const placed = [...places].flatMap(([name, machine]) => {
      const other = nodes.get(name);
      return other === undefined ? [] : [{node: other, machine}];
    });
    const chosen = choosePlace(
      node,
      there.map(({id}) => id),
      placed,
    );
    if (chosen === undefined) throw new LabError('MACHINE_LOST', `No machine of the swarm is there for ${node.name}.`);
    places.set(node.name, chosen);
    return chosen;
  };
  const launch = async (node: PlannedNode, startOptions: StartOptions): Promise<StartedContainer> => {
    const {fleet, place, images} = need();
    const {engine} = fleet.manager;
    const address = known(addresses, node.name);
    const isService = node.kind === 'service';
    await running.get(node.name)?.removed;
    const machine = machineOf(
      fleet,
      placeNode(node),
      isService ? node.name : `${node.name} has its data on a machine of its own, and`,
    );
    const modules = await keepModules(engine, {session}, isService ? startOptions.seams : {});
    const wanted = isService
      ? serviceSpec(place, node, {options: startOptions, sessionSecret, seams: modules.paths, address})
      : postgresSpec(place, node, {password: known(passwords, node.name), address});
    const image = images.get(machine.id);
    const spec = asService(wanted, {
      session,
      network: fleet.network,
      machine: machine.id,
      image: (isService ? image?.system : image?.postgres) ?? '',
      configs: modules.files,
      run: nextRun(node.name),
    });
    const existing = (await servicesOf(engine, session)).find(service => service.node === node.name);
    const {container} = await runTask(engine, spec, existing);
    return asTaskNode(machine, container, {node, address, logFile: logFile(node.name), control: isService});
  };

  return {
    name: 'swarm',
    prepare: async (planned, say) => {
      const fresh = planned.filter(({name}) => !addresses.has(name));
      for (const node of fresh) {
        nodes.set(node.name, node);
        addresses.set(node.name, {host: LOOPBACK, port: await claim(nextPort())});
        if (node.kind !== 'service') passwords.set(node.name, randomBytes(24).toString('base64url'));
      }
      preparing ??= prepareOnce(say);
      prepared = await preparing;
      for (const node of fresh) {
        placeNode(node);
        // A name is looked up only while somebody has it.
        const inside = (): Address | undefined => (alive.has(node.name) ? upstream(node.name) : undefined);
        await prepared.fleet.tunnel.forward(known(addresses, node.name).port, inside);
      }
    },
    start: async (node, startOptions) => {
      const started = await launch(node, startOptions);
      running.set(node.name, started);
      alive.add(node.name);
      void started.exited.then(() => running.get(node.name) === started && alive.delete(node.name));
      if (isDown) {
        await started.kill();
        throw new LabError('NODE_GONE', `${node.name} was started while the system went down.`);
      }
      return started;
    },
    address: node => known(addresses, node),
    upstream,
    outside: ({port}) => {
      const outside = need().gatewayPorts[port - INSIDE.gatewayFirst];
      return outside === undefined ? undefined : {host: LOOPBACK, port: outside};
    },
    agent: () => need().agent,
    postgres: node => ({
      address: known(addresses, node),
      user: roleOf(node),
      password: known(passwords, node),
      database: roleOf(node),
    }),
    logFile,
    describe: () => ({pause: true, crashPoints: true, missing: {}}),
    down: async () => {
      isDown = true;
      // Where nothing was ever begun there is nothing to remove.
      if (preparing === undefined) return;
      await preparing.catch(() => undefined);
      await stopAll(running.values());
      const left =
        fleet === undefined
          ? await removeSwarmSession(options.endpoint, session, {program: options.steward, say: () => undefined})
          : await removeFromSwarm(
              fleet,
              session,
              fleet.machines.map(({id}) => id),
            );
      await fleet?.close();
      if (left.length > 0) await options.onLeft?.(left);
      for (const port of claimed) releasePort(port);
    },
  };
}
