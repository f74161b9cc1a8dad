import {type ResourceLimits, Worker} from 'node:worker_threads';
import type {LabError} from '../errors.ts';
import type {LocalFabric} from '../fabric/create-fabric.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {LoadDriver} from '../load/load.ts';
import {connectThread} from './connect-thread.ts';
import type {LoadThread} from './load-port.ts';
import {remoteFabric} from './remote-fabric.ts';
import {remoteLoad} from './remote-load.ts';

/** The lab's data plane. On the process runtime it is two threads of the controller. */
export interface Agent extends AsyncDisposable {
  readonly fabric: Fabric;
  readonly load: LoadDriver;
  /** Settles when a thread has ended, with the reason; also after `stop`. */
  readonly gone: Promise<LabError>;
  stop(): Promise<void>;
}

/** Built files of the two threads. */
export interface AgentEntries {
  readonly fabric: URL;
  readonly load: URL;
}

/**
 * Starts the threads and returns when both can be called. Calls are rejected with NODE_GONE once a thread has ended.
 *
 * @throws LabError NODE_GONE when a thread ends before it is ready.
 */
export async function startAgent(entries: AgentEntries): Promise<Agent> {
  const fabric = connectThread<LocalFabric>(
    new Worker(entries.fabric, {name: 'fabric', resourceLimits: LIMITS}),
    'fabric',
  );
  const load = connectThread<LoadThread>(new Worker(entries.load, {name: 'load', resourceLimits: LIMITS}), 'load');
  const stop = async (): Promise<void> => {
    await Promise.all([fabric.terminate(), load.terminate()]);
  };
  try {
    await Promise.all([fabric.ready, load.ready]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    fabric: remoteFabric(fabric),
    load: remoteLoad(load),
    gone: Promise.race([fabric.gone, load.gone]),
    // Ending a thread closes all its sockets; there is nothing that it would have to say good-bye to.
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The young generation is what an idle thread keeps for itself; the old one is only a bound, far above what a full log takes. */
const LIMITS: ResourceLimits = {maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 1024};
