import {type Engine, engineError} from '../docker/engine.ts';
import {SESSION_LABEL} from '../docker/labels.ts';

/** One run of a service on one machine, as the manager tells of it. */
export interface Task {
  readonly id: string;
  readonly service: string;
  readonly machine: string;
  readonly state: string;
  /** Whether the manager wants it to run. */
  readonly isWanted: boolean;
  /** The run of the service's specification that it belongs to. */
  readonly run: number;
  readonly container: string | undefined;
  /** Why it is where it is. */
  readonly reason: string;
  /** Its addresses on the networks of the session. */
  readonly addresses: readonly string[];
}

interface TaskInfo {
  readonly ID: string;
  readonly ServiceID?: string;
  readonly NodeID?: string;
  readonly DesiredState?: string;
  readonly Spec?: {readonly ForceUpdate?: number};
  readonly Status?: {
    readonly State?: string;
    readonly Err?: string;
    readonly Message?: string;
    readonly ContainerStatus?: {readonly ContainerID?: string};
  };
  readonly NetworksAttachments?: readonly {readonly Addresses?: readonly string[]}[] | null;
}

/** A task in one of these states has ended, or never began. */
const ENDED: ReadonlySet<string> = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);

export function hasEnded({state}: Task): boolean {
  return ENDED.has(state);
}

/** Whether it may still get a container. */
export function isStarting(task: Task): boolean {
  return task.state !== 'running' && !hasEnded(task);
}

/** The tasks of these services, given by id. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function tasksOf(manager: Engine, services: readonly string[]): Promise<readonly Task[]> {
  return services.length === 0 ? [] : listTasks(manager, {service: services});
}

/** All tasks of a session, also those of services that have been removed and still stop. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function tasksOfSession(manager: Engine, session: string): Promise<readonly Task[]> {
  return listTasks(manager, {label: [`${SESSION_LABEL}=${session}`]});
}

async function listTasks(manager: Engine, filters: object): Promise<readonly Task[]> {
  const found = (await manager.listTasks({filters: JSON.stringify(filters)}).catch(error => {
    throw engineError(error, 'the tasks of the session could not be listed');
  })) as readonly TaskInfo[];
  return found.map(info => ({
    id: info.ID,
    service: info.ServiceID ?? '',
    machine: info.NodeID ?? '',
    state: info.Status?.State ?? 'new',
    isWanted: info.DesiredState === 'running',
    run: info.Spec?.ForceUpdate ?? 0,
    container: info.Status?.ContainerStatus?.ContainerID || undefined,
    reason: info.Status?.Err || info.Status?.Message || '',
    addresses: (info.NetworksAttachments ?? []).flatMap(({Addresses}) =>
      (Addresses ?? []).map(address => address.replace(/\/\d+$/, '')),
    ),
  }));
}
