import {randomBytes} from 'node:crypto';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {StartedContainer} from '../docker/container-node.ts';
import {AGENT, abilitiesOf} from '../docker/docker-runtime.ts';
import type {EngineEndpoint} from '../docker/endpoint.ts';
import {BASE_IMAGES, type ContextFile, ensureImage, ensureSystemImage} from '../docker/images.ts';
import {programOf} from '../docker/program.ts';
import {AGENT_NAME, agentSpec, INSIDE, type SessionPlace} from '../docker/specs.ts';
import type {AgentAccess, RuntimeAbilities} from '../runtime.ts';
import {bringImage} from './bring-image.ts';
import {type Fleet, machineOf, openFleet} from './fleet.ts';
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

/** What all nodes of a session have in common. */
export interface PreparedSwarm {
  readonly fleet: Fleet;
  readonly place: SessionPlace;
  /** Id of the image of services and agent on each machine, by that machine's id. */
  readonly images: ReadonlyMap<string, string>;
  readonly abilities: RuntimeAbilities;
  readonly agent: AgentAccess;
  readonly agentNode: StartedContainer;
}

/**
 * Connects the machines of the swarm and brings them the image of services; what nodes with data run is needed on the manager's machine
 * alone. `onFleet` is told of the fleet as soon as there is something to remove.
 */
export async function prepareSwarm(
  setup: SwarmSetup,
  nodes: readonly PlannedNode[],
  {say, onFleet}: {readonly say: (line: string) => void; readonly onFleet: (fleet: Fleet) => void},
): Promise<Omit<PreparedSwarm, 'agent' | 'agentNode'>> {
  const manager = await openManager(setup.endpoint);
  say(`preparing images on the swarm at ${setup.endpoint.host}`);
  const [systemImage] = await Promise.all([
    ensureSystemImage(manager.engine, await setup.context(), say),
    ...(['postgres', 'nats'] as const)
      .filter(program => nodes.some(node => programOf(node) === program))
      .map(async program => ensureImage(manager.engine, BASE_IMAGES[program], say)),
  ]);
  const {session} = setup;
  const fleet = await openFleet(manager, {session: {session}, program: setup.steward, say});
  onFleet(fleet);
  say(`using ${fleet.machines.map(({name}) => name).join(', ')}`);
  const images = await Promise.all(
    fleet.machines.map(
      async machine => [machine.id, await bringImage(manager.engine, machine, systemImage, say)] as const,
    ),
  );
  const place = {session, systemImage, network: fleet.network, publishes: false};
  return {fleet, place, images: new Map(images), abilities: await abilitiesOf(manager.engine)};
}

/** Starts the agent on the manager's machine, from where all links lead, and forwards ports of this machine to it and to the gateways. */
export async function startAgent(
  prepared: Omit<PreparedSwarm, 'agent' | 'agentNode'>,
  {
    address,
    gatewayPorts,
    logFile,
  }: {readonly address: Address; readonly gatewayPorts: readonly number[]; readonly logFile: string},
): Promise<PreparedSwarm> {
  const {fleet, place, images} = prepared;
  const {manager, tunnel, network, entrance} = fleet;
  const token = randomBytes(24).toString('base64url');
  const machine = machineOf(fleet, manager.machine, 'The agent runs');
  const options = agentSpec(place, {token, port: address.port, gatewayPorts});
  const spec = asService(options, {
    session: place.session,
    network,
    entrance,
    machine: machine.id,
    image: images.get(machine.id) ?? '',
    configs: [],
    run: 0,
  });
  const {container} = await runTask(manager.engine, spec, undefined);
  const agentNode = asTaskNode(machine, container, {node: AGENT, options, address, logFile, control: false});
  await tunnel.forward(address.port, {host: AGENT_NAME, port: INSIDE.agent});
  for (const [index, port] of gatewayPorts.entries())
    await tunnel.forward(port, {host: AGENT_NAME, port: INSIDE.gatewayFirst + index});
  return {...prepared, agent: {address, host: AGENT_NAME, token, container, ended: agentNode.exited}, agentNode};
}
