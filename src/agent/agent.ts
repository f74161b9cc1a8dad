import {type ResourceLimits, Worker} from 'node:worker_threads';
import {LabError} from '../errors.ts';
import type {LocalFabric} from '../fabric/create-fabric.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {LoadDriver} from '../load/load.ts';
import {workerChannel} from './channel.ts';
import {type AgentConnection, connect} from './connect.ts';
import type {LoadThread} from './load-port.ts';
import {remoteFabric} from './remote-fabric.ts';
import {remoteLoad} from './remote-load.ts';
import {type AgentTelemetry, openTelemetry} from './telemetry.ts';

/** The lab's data plane. On the process runtime it is threads of the controller, started as they are needed. */
export interface Agent extends AsyncDisposable {
  readonly fabric: Fabric;
  readonly load: LoadDriver;
  readonly telemetry: AgentTelemetry;
  /** Where it runs: threads of this process, or a container. */
  readonly place: {readonly thread: string} | {readonly container: string};
  /** Settles when a part of it has ended, with the reason; also after `stop`. */
  readonly gone: Promise<LabError>;
  stop(): Promise<void>;
}

/** Built files of the threads. */
export interface AgentEntries {
  readonly fabric: URL;
  readonly load: URL;
  readonly telemetry: URL;
}

/**
 * Starts the agent and returns when links can be opened.
 *
 * @throws LabError NODE_GONE when the links' thread ends before it is ready.
 */
export async function startAgent(entries: AgentEntries): Promise<Agent> {
  const agent = openAgent(entries);
  try {
    await agent.ready;
  } catch (error) {
    await agent.stop();
    throw error;
  }
  return agent;
}

/**
 * Starts the links' thread and returns at once: calls wait until it is ready, and are rejected with NODE_GONE once it has ended. The
 * load's thread is started by the first load.
 */
export function openAgent(entries: AgentEntries): Agent & {readonly ready: Promise<void>} {
  const fabric = connect<LocalFabric>(
    workerChannel(new Worker(entries.fabric, {name: 'fabric', resourceLimits: LIMITS})),
    'fabric thread',
  );
  const load = loadOnDemand(entries.load);
  const telemetry = openTelemetry(entries.telemetry);
  const stop = async (): Promise<void> => {
    await Promise.all([fabric.terminate(), load.stop(), telemetry.stop()]);
  };
  return {
    fabric: remoteFabric(fabric),
    load: load.driver,
    telemetry,
    place: {thread: 'worker threads of the controller'},
    ready: fabric.ready,
    gone: Promise.race([fabric.gone, load.gone]),
    // Ending a thread closes all its sockets; there is nothing that it would have to say good-bye to.
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The load driver costs time and memory that a system without load need not spend. */
function loadOnDemand(entry: URL): {
  readonly driver: LoadDriver;
  readonly gone: Promise<LabError>;
  stop(): Promise<void>;
} {
  let thread: AgentConnection<LoadThread> | undefined;
  let driver: LoadDriver | undefined;
  let stopped = false;
  let onGone: (reason: LabError) => void = () => undefined;
  const gone = new Promise<LabError>(resolve => {
    onGone = resolve;
  });
  const open = (): LoadDriver => {
    if (stopped) throw new LabError('NODE_GONE', 'The load thread has ended: the agent was stopped.');
    if (driver !== undefined) return driver;
    thread = connect<LoadThread>(
      workerChannel(new Worker(entry, {name: 'load', resourceLimits: LIMITS})),
      'load thread',
    );
    void thread.gone.then(onGone);
    driver = remoteLoad(thread);
    return driver;
  };
  return {
    driver: {
      start: async (plan, options) => open().start(plan, options),
      echo: async () => open().echo(),
      stopAll: async () => driver?.stopAll(),
    },
    gone,
    stop: async () => {
      stopped = true;
      await thread?.terminate();
    },
  };
}

/** Bounds of either thread. The young generation is what an idle thread keeps for itself; the old one is only a bound, far above what a full log takes. */
const LIMITS: ResourceLimits = {maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 1024};
