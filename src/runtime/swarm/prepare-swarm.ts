import {randomBytes} from 'node:crypto';
import type {Address} from '../../topology/address.ts';
import type {StartedContainer} from '../docker/container-node.ts';
import {AGENT} from '../docker/docker-runtime.ts';
import type {EngineEndpoint} from '../docker/endpoint.ts';
import {BASE_IMAGES, type ContextFile, ensureImage, ensureSystemImage} from '../docker/images.ts';
import {AGENT_NAME, agentSpec, INSIDE, type SessionPlace} from '../docker/specs.ts';
import type {AgentAccess} from '../runtime.ts';
import {type Fleet, machineOf, openFleet} from './fleet.ts';
import {bringImages} from './images-on-machines.ts';
import {openManager} from './manager.ts';
import {runTask} from './run-task.ts';
import {asService} from './service-spec.ts';
import {asTaskNode} from './task-node.ts';

export interface SwarmSetup {
  readonly session: string;
  /** The engine that manages the swarm. */
  readonly endpoint: EngineEndpoint;
  /** What the image of services and agent is built from. */
  readonly context: () => Promise<readonly ContextFile[]>;
  /** What stewards run: `steward.mjs`. */
  readonly steward: () => Promise<Buffer>;
}

/** Ids of images on one machine. */
export interface MachineImages {
  readonly system: string;
  readonly postgres: string;
}

/** What all nodes of a session have in common. */
export interface PreparedSwarm {
  readonly fleet: Fleet;
  readonly place: SessionPlace;
  /** By id of the machine. */
  readonly images: ReadonlyMap<string, MachineImages>;
  readonly agent: AgentAccess;
  readonly agentNode: StartedContainer;
}

/** Brings images to all machines of the swarm and connects these. `onFleet` is told of the fleet as soon as there is something to remove. */
export async function prepareSwarm(
  setup: SwarmSetup,
  {say, onFleet}: {readonly say: (line: string) => void; readonly onFleet: (fleet: Fleet) => void},
): Promise<Omit<PreparedSwarm, 'agent' | 'agentNode'>> {
  const manager = await openManager(setup.endpoint);
  say(`preparing images on the swarm at ${setup.endpoint.host}`);
  const [systemImage] = await Promise.all([
    ensureSystemImage(manager.engine, await setup.context(), say),
    ensureImage(manager.engine, BASE_IMAGES.postgres, say),
  ]);
  const {session} = setup;
  const fleet = await openFleet(manager, {session: {session}, program: setup.steward, say});
  onFleet(fleet);
  say(`using ${fleet.machines.map(({name}) => name).join(', ')}`);
  const images = await Promise.all(
    fleet.machines.map(async machine => {
      const wanted = [systemImage, BASE_IMAGES.postgres];
      const [system = '', postgres = ''] = await bringImages(manager.engine, machine, wanted, say);
      return [machine.id, {system, postgres}] as const;
    }),
  );
  const place = {session, systemImage, network: fleet.network, publishes: false};
  return {fleet, place, images: new Map(images)};
}

/** Starts the agent on the manager's machine, from where all links lead, and forwards ports of this machine to it and to the gateways. */
export async function startAgent(
  {fleet, place, images}: Omit<PreparedSwarm, 'agent' | 'agentNode'>,
  {
    address,
    gatewayPorts,
    logFile,
  }: {readonly address: Address; readonly gatewayPorts: readonly number[]; readonly logFile: string},
): Promise<PreparedSwarm> {
  const {manager, tunnel, network} = fleet;
  const token = randomBytes(24).toString('base64url');
  const machine = machineOf(fleet, manager.machine, 'The agent runs');
  const spec = asService(agentSpec(place, {token, port: address.port, gatewayPorts}), {
    session: place.session,
    network,
    machine: machine.id,
    image: images.get(machine.id)?.system ?? '',
    configs: [],
    run: 0,
  });
  const {container} = await runTask(manager.engine, spec, undefined);
  const agentNode = asTaskNode(machine, container, {node: AGENT, address, logFile, control: false});
  await tunnel.forward(address.port, {host: AGENT_NAME, port: INSIDE.agent});
  for (const [index, port] of gatewayPorts.entries())
    await tunnel.forward(port, {host: AGENT_NAME, port: INSIDE.gatewayFirst + index});
  return {fleet, place, images, agent: {address, token, container}, agentNode};
}
