import {LabError} from '../../errors.ts';
import type {EngineEndpoint} from '../docker/endpoint.ts';
import {type Engine, engineError, openEngine} from '../docker/engine.ts';

/** A machine of the swarm, as its manager tells. */
export interface Machine {
  readonly id: string;
  readonly name: string;
  /** Whether its engine is there, as far as the manager knows: it takes some seconds to find out. */
  readonly isReady: boolean;
  /** Why nothing can be started on it although it is ready; undefined where it can. */
  readonly unfit?: string;
}

/** The engine that manages the swarm, and on which machine of it that is. */
export interface Manager {
  readonly engine: Engine;
  readonly machine: string;
}

interface SwarmInfo {
  readonly NodeID?: string;
  readonly ControlAvailable?: boolean;
  readonly LocalNodeState?: string;
}

interface NodeInfo {
  readonly ID: string;
  readonly Spec?: {readonly Availability?: string};
  readonly Description?: {
    readonly Hostname?: string;
    readonly Platform?: {readonly Architecture?: string; readonly OS?: string};
  };
  readonly Status?: {readonly State?: string};
}

/** Opens the engine that a swarm is managed with. Errors: ENGINE_MISSING, ENGINE_NOT_ALLOWED; NO_SWARM when it does not manage one. */
export async function openManager(endpoint: EngineEndpoint): Promise<Manager> {
  const engine = await openEngine(endpoint);
  const {Swarm: swarm} = (await engine.info()) as {readonly Swarm?: SwarmInfo};
  const where = `The engine at ${endpoint.host} (${endpoint.source})`;
  if (swarm?.NodeID === undefined || swarm.NodeID === '' || swarm.LocalNodeState !== 'active')
    throw new LabError('NO_SWARM', `${where} is not part of a swarm.`);
  if (swarm.ControlAvailable !== true)
    throw new LabError('NO_SWARM', `${where} is a worker of a swarm, not a manager.`);
  return {engine, machine: swarm.NodeID};
}

/** All machines of the swarm, the manager's own first, the others by name. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function listMachines({engine, machine: own}: Manager): Promise<readonly Machine[]> {
  const nodes = (await engine.listNodes().catch(error => {
    throw engineError(error, 'the machines of the swarm could not be listed');
  })) as readonly NodeInfo[];
  const platformOf = ({Description: {Platform: platform} = {}}: NodeInfo): string =>
    `${platform?.OS ?? '?'} on ${platform?.Architecture ?? '?'}`;
  const expected = nodes.filter(({ID}) => ID === own).map(platformOf)[0];
  return nodes
    .map(node => {
      const unfit = unfitness(node, platformOf(node) === expected ? undefined : platformOf(node));
      return {
        id: node.ID,
        name: node.Description?.Hostname ?? node.ID,
        isReady: node.Status?.State === 'ready',
        ...(unfit === undefined ? {} : {unfit}),
      };
    })
    .toSorted((a, b) => Number(b.id === own) - Number(a.id === own) || a.name.localeCompare(b.name));
}

/** The image is built once, on the manager: it runs on machines of the same kind only. */
function unfitness(node: NodeInfo, otherPlatform: string | undefined): string | undefined {
  const availability = node.Spec?.Availability ?? 'active';
  if (availability !== 'active') return `its availability is "${availability}"`;
  return otherPlatform === undefined ? undefined : `it is ${otherPlatform}, unlike the manager's machine`;
}
