import {readFile} from 'node:fs/promises';
import type {Agent} from '../agent/agent.ts';
import {connectAgent} from '../agent/remote-agent.ts';
import {LabError} from '../errors.ts';
import type {Paths} from '../paths.ts';
import {createProcessRuntime} from '../runtime/process/process-runtime.ts';
import type {EngineRecord, Runtime, RuntimeName} from '../runtime/runtime.ts';
import type {Entries} from './entries.ts';
import {leaveToLater} from './sweep.ts';

export interface PlatformOptions {
  readonly session: string;
  readonly workspaceId: string;
  readonly paths: Paths;
  readonly entries: Entries;
  readonly logFolder: string;
  /** The engine that was asked for. */
  readonly engine: EngineRecord | undefined;
  /** Port that was asked for the gateway. */
  readonly gatewayPort: number | undefined;
  /** The agent as threads of this process. */
  readonly openAgent: () => Agent;
  /** Told before anything is made on an engine: what is needed to remove it again. */
  readonly onEngine: (engine: EngineRecord) => Promise<void>;
}

/** A runtime and the agent that belongs to it. */
export interface Platform {
  readonly runtime: Runtime;
  /** The agent: at once where it is threads of this process, once the runtime is prepared where it is a container. */
  agent(): Promise<Agent>;
}

/** Opens a runtime by name; what an engine needs is loaded only for that. Errors: ENGINE_MISSING, NO_SWARM. */
export async function openPlatform(name: RuntimeName, options: PlatformOptions): Promise<Platform> {
  const {session, workspaceId, paths, entries, logFolder, gatewayPort} = options;
  switch (name) {
    case 'process': {
      const runtime = createProcessRuntime({session, workspaceId, paths, serviceEntries: entries.services, logFolder});
      // Not waited for: databases start without it.
      const agent = options.openAgent();
      return {runtime, agent: async () => agent};
    }
    case 'docker': {
      const {createDockerRuntime} = await import('../runtime/docker/docker-runtime.ts');
      const {resolveEndpoint} = await import('../runtime/docker/endpoint.ts');
      const {systemContext} = await import('../runtime/docker/images.ts');
      const endpoint = options.engine ?? (await resolveEndpoint());
      await options.onEngine(endpoint);
      await options.openAgent().stop();
      const runtime = createDockerRuntime({
        session,
        endpoint,
        context: async () => systemContext(entries.packageFolder),
        logFolder,
        ...(gatewayPort === undefined ? {} : {gatewayPort}),
        ...(process.env.TERALAB_TUNNEL === 'always' ? {tunnels: true} : {}),
      });
      return {runtime, agent: async () => connectAgent(agentOf(runtime))};
    }
    case 'swarm': {
      const {createSwarmRuntime} = await import('../runtime/swarm/swarm-runtime.ts');
      const {listMachines, openManager} = await import('../runtime/swarm/manager.ts');
      const {resolveEndpoint} = await import('../runtime/docker/endpoint.ts');
      const {systemContext} = await import('../runtime/docker/images.ts');
      const endpoint = options.engine ?? (await resolveEndpoint());
      const machines = (await listMachines(await openManager(endpoint))).map(({id}) => id);
      await options.onEngine({...endpoint, machines});
      await options.openAgent().stop();
      const runtime = createSwarmRuntime({
        session,
        endpoint,
        context: async () => systemContext(entries.packageFolder),
        steward: async () => readFile(entries.steward),
        logFolder,
        ...(gatewayPort === undefined ? {} : {gatewayPort}),
        onLeft: async left => leaveToLater(paths, {session, engine: {...endpoint, machines: left}}),
      });
      return {runtime, agent: async () => connectAgent(agentOf(runtime))};
    }
  }
}

function agentOf(runtime: Runtime): Parameters<typeof connectAgent>[0] {
  if (runtime.agent === undefined) throw new LabError('INTERNAL', `The ${runtime.name} runtime has no agent.`);
  return runtime.agent();
}
