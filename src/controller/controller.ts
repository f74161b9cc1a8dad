import type {Agent} from '../agent/agent.ts';
import {LabError} from '../errors.ts';
import type {NodeEvent} from '../labs/system.ts';
import type {Paths} from '../paths.ts';
import type {KnownProcess} from '../runtime/process/leftovers.ts';
import type {EngineRecord, RuntimeName} from '../runtime/runtime.ts';
import {defaultTopology} from '../topology/default.ts';
import {planTopology} from '../topology/plan-topology.ts';
import type {Topology} from '../topology/topology.ts';
import type {Place} from './bypasses.ts';
import {changeReplicas, hasOtherReplicas} from './change-replicas.ts';
import type {Entries} from './entries.ts';
import {Jobs, type JobWork} from './jobs.ts';
import {type Live, prepareLive, takeDown} from './live.ts';
import {requireMeshPossible} from './mesh.ts';
import type {StatusReport, UpOptions} from './protocol.ts';
import {requireSameSystem} from './same-system.ts';
import {reportStatus} from './status.ts';
import {forwardTelemetry} from './telemetry.ts';
import {ToxiproxyApi} from './toxiproxy/toxiproxy-api.ts';

export interface ControllerOptions {
  readonly session: string;
  readonly workspace: string;
  readonly workspaceId: string;
  readonly paths: Paths;
  readonly entries: Entries;
  readonly openAgent: () => Agent;
  readonly log: (line: string) => void;
  /** Notes in the session record where something is about to be made. */
  readonly recordEngine: (runtime: RuntimeName, engine: EngineRecord) => Promise<void>;
  /** The agent ended by itself, and no link works any more: this process has to end, with all that it has started. */
  readonly onAgentLost: (reason: LabError) => void;
  /** Rewrites the session record with these processes. */
  readonly recordProcesses: (nodes: readonly KnownProcess[]) => void;
}

/** A system on its way up: prepared first, which takes long only the first time, then started. */
interface Start {
  readonly prepared: Promise<Live>;
  readonly done: Promise<Live>;
  readonly abort: AbortController;
}

/** Owns the running system of one workspace: brings it up once, whoever asks, and takes it down again. */
export class Controller {
  readonly options: ControllerOptions;
  #live: Live | undefined;
  #start: Start | undefined;
  #stopping: Promise<number> | undefined;
  readonly #jobs = new Jobs();
  #hasLeft = false;
  readonly #toxiproxyApi: ToxiproxyApi;
  readonly #listeners = new Set<(line: string) => void>();
  readonly #eventListeners = new Set<(event: NodeEvent) => void>();

  constructor(options: ControllerOptions) {
    this.options = options;
    this.#toxiproxyApi = new ToxiproxyApi({live: () => this.live(), log: options.log});
  }

  /** Whether a start that failed has left something that could not be removed: the engine had gone as well. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get isUp(): boolean {
    return this.#live !== undefined || this.#start !== undefined;
  }

  /** The system, once it has come up. Errors: BUSY while it comes up or goes down, NOT_RUNNING. */
  live(): Live {
    if (this.#stopping !== undefined) throw new LabError('BUSY', 'The system is being stopped.');
    if (this.#start !== undefined) throw new LabError('BUSY', 'The system is being started.');
    if (this.#live === undefined) throw new LabError('NOT_RUNNING', 'The system is not running.');
    return this.#live;
  }

  /**
   * Brings the system up, or waits with whoever is doing so. One that runs gets the replicas asked for, and what has been given up is
   * tried again; what a fault holds down is left to the fault. Errors: CONTROLLER_LOST once a system that was being stopped is gone.
   */
  async up(options: UpOptions, say: (line: string) => void): Promise<Live> {
    if (this.#stopping !== undefined) {
      say('waiting for the system that is being stopped');
      await this.#stopping.catch(() => undefined);
      throw new LabError('CONTROLLER_LOST', 'The system has just been stopped, and its controller ends.');
    }
    if (this.#live === undefined && this.#start === undefined) {
      this.#start = this.#begin(options);
      return this.#hearing(say, this.#start.done);
    }
    const live = this.#start === undefined ? this.live() : await this.#join(this.#start, say);
    if (live === undefined) return this.up(options, say);
    await this.#adapt(live, options, say);
    // A run breaks the system on purpose, and starts with a fresh one.
    if (this.#jobs.current !== undefined) return live;
    await live.system.mend();
    await live.system.ready();
    return live;
  }

  /** Ends what is under way, then everything else. Returns how many nodes were stopped. Safe to call again. */
  async down(say: (line: string) => void): Promise<number> {
    this.#stopping ??= this.#stop(say);
    return this.#stopping;
  }

  /** Runs one job (a check, a load) alone on the system; BUSY while another one is there. */
  async alone<T>(lab: string, signal: AbortSignal, work: JobWork<T>): Promise<T> {
    if (this.#stopping !== undefined) throw new LabError('BUSY', 'The system is being stopped.');
    return this.#jobs.alone(lab, signal, work);
  }

  async status(): Promise<StatusReport> {
    return (await this.report()).status;
  }

  /** How the system is, also while it comes up. Errors: NOT_RUNNING. */
  async report(): ReturnType<typeof reportStatus> {
    const live = this.#live ?? (await this.#start?.prepared.catch(() => undefined));
    if (live === undefined) throw new LabError('NOT_RUNNING', 'The system is not running.');
    return reportStatus(live.system, {
      session: this.options.session,
      workspace: this.options.workspace,
      faults: live.faults.list(),
      check: this.#jobs.current ?? null,
      toxiproxyApi: await this.#toxiproxyApi.url(),
    });
  }

  /** Where clients of the Toxiproxy API go, and no service has any business. */
  apiPlaces(): readonly Place[] {
    return this.#toxiproxyApi.places();
  }

  onEvent(listener: (event: NodeEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Waits for somebody else's start; undefined when what it had begun with went away, which is no reason why another one should fail. */
  async #join(start: Start, say: (line: string) => void): Promise<Live | undefined> {
    try {
      return await this.#hearing(say, start.done);
    } catch (error) {
      if (!(error instanceof LabError && error.code === 'NODE_GONE')) throw error;
      say('the start that was under way has failed: starting afresh');
      return undefined;
    }
  }

  #begin(options: UpOptions): Start {
    const say = (line: string): void => {
      this.options.log(line);
      for (const listener of this.#listeners) listener(line);
    };
    const abort = new AbortController();
    const prepared = this.#prepare(options, say);
    const done = this.#bringUp(prepared, options, say, abort.signal).finally(() => {
      this.#start = undefined;
    });
    done.catch(() => undefined);
    return {prepared, done, abort};
  }

  async #prepare(options: UpOptions, say: (line: string) => void): Promise<Live> {
    const {session, workspaceId, paths, entries, openAgent, recordEngine, recordProcesses} = this.options;
    const topology = await topologyOf(options);
    const runtime = options.runtime ?? 'process';
    await this.#openToxiproxyApi(options, say);
    const {replicas = {}, broker = runtime === 'process' ? undefined : 'nats'} = options;
    const plan = planTopology(topology, {replicas, ...(broker === undefined ? {} : {broker})});
    requireMeshPossible(plan, runtime);
    say(runtime === 'process' ? 'preparing databases' : `looking for the engine of the ${runtime} runtime`);
    return prepareLive(plan, {
      session,
      workspaceId,
      paths,
      entries,
      runtime,
      engine: options.engine,
      gatewayPort: options.port,
      openAgent,
      onEngine: async engine => recordEngine(runtime, engine),
      onLeft: error => this.#noteLeft(error),
      say,
      onProcesses: recordProcesses,
      onEvent: event => this.#onEvent(event, say),
      listen: listener => this.onEvent(listener),
    });
  }

  async #bringUp(
    prepared: Promise<Live>,
    options: UpOptions,
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Live> {
    const live = await prepared.catch(async error => {
      await this.#toxiproxyApi.close();
      throw error;
    });
    await forwardTelemetry(live.agent, options);
    // Without it no link works, and nothing would ever become ready.
    const lost = new AbortController();
    void live.agent.gone.then(reason => lost.abort(reason));
    try {
      signal.throwIfAborted();
      say(`starting ${names(live)}`);
      await live.system.start({
        seams: [],
        // In a container of its own the fabric has the port that the runtime publishes.
        gatewayPort: live.runtime.name === 'process' ? options.port : undefined,
      });
      await live.system.ready(undefined, AbortSignal.any([signal, lost.signal]));
      this.#live = live;
      void live.agent.gone.then(reason => {
        if (this.#live === live && this.#stopping === undefined) this.options.onAgentLost(reason);
      });
      return live;
    } catch (error) {
      await this.#toxiproxyApi.close();
      await takeDown(live, this.options.log).catch(failed => this.#noteLeft(failed));
      throw error;
    }
  }

  async #hearing<T>(say: (line: string) => void, work: Promise<T>): Promise<T> {
    this.#listeners.add(say);
    try {
      return await work;
    } finally {
      this.#listeners.delete(say);
    }
  }

  async #adapt(live: Live, options: UpOptions, say: (line: string) => void): Promise<void> {
    requireSameSystem(live.system, options);
    await this.#openToxiproxyApi(options, say);
    await forwardTelemetry(live.agent, options);
    const {replicas = {}} = options;
    if (!hasOtherReplicas(live.system, replicas)) return;
    await this.alone('a change of replicas', new AbortController().signal, async signal =>
      changeReplicas(live, replicas, say, signal),
    );
  }

  async #openToxiproxyApi({toxiproxyApi: port}: UpOptions, say: (line: string) => void): Promise<void> {
    if (port !== undefined) await this.#toxiproxyApi.open(port, say);
  }

  async #stop(say: (line: string) => void): Promise<number> {
    const stopped = new LabError('NOT_RUNNING', 'The system was stopped from elsewhere before this had ended.');
    // A run may be waiting for the start.
    this.#start?.abort.abort(stopped);
    const ended = this.#jobs.abort(stopped);
    await this.#start?.done.catch(() => undefined);
    await ended;
    await this.#toxiproxyApi.close();
    const live = this.#live;
    if (live === undefined) return 0;
    const count = live.system.keepers().filter(keeper => keeper.running !== undefined).length;
    say(`stopping ${names(live)}`);
    try {
      await takeDown(live, this.options.log, say);
    } finally {
      this.#live = undefined;
    }
    return count;
  }

  #noteLeft(error: unknown): void {
    this.#hasLeft = true;
    this.options.log(`down: ${String(error)}`);
  }

  #onEvent(event: NodeEvent, say: (line: string) => void): void {
    this.options.log(`${event.node} ${event.type}: ${event.detail}`);
    if (event.type === 'ready' && this.#live === undefined) say(`${event.node} is ready ${event.detail}`);
    for (const listener of this.#eventListeners) listener(event);
  }
}

function names({system}: Live): string {
  return system.plan.nodes.map(({name}) => name).join(', ');
}

async function topologyOf({topology}: UpOptions): Promise<Topology> {
  if (topology === undefined) return defaultTopology();
  // What checks it is larger than all the rest of the controller, and hardly ever needed.
  const {declaredTopology} = await import('../topology/declared.ts');
  return declaredTopology(topology);
}
