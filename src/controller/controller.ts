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
import type {Entries} from './entries.ts';
import {type Live, prepareLive, takeDown} from './live.ts';
import {requireMeshPossible} from './mesh.ts';
import type {Phase, StatusReport, UpOptions} from './protocol.ts';
import {reportStatus} from './status.ts';
import {forwardTelemetry} from './telemetry.ts';
import type {LiveToxiproxyApi} from './toxiproxy/serve-live.ts';

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

/** A check or a load; one at a time, since they share the system. */
interface Job {
  readonly lab: string;
  phase: Phase;
  readonly abort: AbortController;
  readonly done: Promise<unknown>;
}

/** Owns the running system of one workspace: brings it up once, whoever asks, and takes it down again. */
export class Controller {
  readonly options: ControllerOptions;
  #live: Live | undefined;
  #start: Start | undefined;
  #stopping: Promise<number> | undefined;
  #job: Job | undefined;
  #hasLeft = false;
  #toxiproxyApi: Promise<LiveToxiproxyApi> | undefined;
  #apiPlaces: () => readonly Place[] = () => [];
  readonly #listeners = new Set<(line: string) => void>();
  readonly #eventListeners = new Set<(event: NodeEvent) => void>();

  constructor(options: ControllerOptions) {
    this.options = options;
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
    if (this.#job !== undefined) return live;
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
  async alone<T>(
    lab: string,
    signal: AbortSignal,
    work: (signal: AbortSignal, setPhase: (phase: Phase) => void) => Promise<T>,
  ): Promise<T> {
    if (this.#stopping !== undefined) throw new LabError('BUSY', 'The system is being stopped.');
    if (this.#job !== undefined)
      throw new LabError('BUSY', `${this.#job.lab} is being run on this system already (${this.#job.phase}).`);
    const abort = new AbortController();
    const both = AbortSignal.any([signal, abort.signal]);
    const run = work(both, phase => {
      if (this.#job !== undefined) this.#job.phase = phase;
    });
    this.#job = {lab, phase: 'prepare', abort, done: run.catch(() => undefined)};
    try {
      return await run;
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      this.#job = undefined;
    }
  }

  async status(): Promise<StatusReport> {
    return (await this.report()).status;
  }

  /** How the system is, also while it comes up. Errors: NOT_RUNNING. */
  async report(): ReturnType<typeof reportStatus> {
    const live = this.#live ?? (await this.#start?.prepared.catch(() => undefined));
    if (live === undefined) throw new LabError('NOT_RUNNING', 'The system is not running.');
    const check = this.#job === undefined ? null : {lab: this.#job.lab, phase: this.#job.phase};
    return reportStatus(live.system, {
      session: this.options.session,
      workspace: this.options.workspace,
      faults: live.faults.list(),
      check,
      toxiproxyApi: (await this.#toxiproxyApi?.catch(() => undefined))?.url,
    });
  }

  /** Where clients of the Toxiproxy API go, and no service has any business. */
  apiPlaces(): readonly Place[] {
    return this.#apiPlaces();
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
      await this.#closeToxiproxyApi();
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
      await this.#closeToxiproxyApi();
      await takeDown(live, this.options.log).catch(failed => this.#noteLeft(failed));
      throw error;
    }
  }

  /** Before anything is started: a port that is taken is told at once. Errors: PORT_TAKEN, NOT_ALLOWED; BUSY where it has another port. */
  async #openToxiproxyApi({toxiproxyApi: port}: UpOptions, say: (line: string) => void): Promise<void> {
    if (port === undefined) return;
    if (this.#toxiproxyApi === undefined) {
      // Hardly ever asked for: a system comes up without loading it.
      this.#toxiproxyApi = import('./toxiproxy/serve-live.ts').then(async ({serveToxiproxyApi}) =>
        serveToxiproxyApi(port, {live: () => this.live(), log: this.options.log}),
      );
      this.#toxiproxyApi.catch(() => {
        this.#toxiproxyApi = undefined;
      });
      const {url, places} = await this.#toxiproxyApi;
      this.#apiPlaces = places;
      say(`Toxiproxy API at ${url}`);
      return;
    }
    const {url, port: listening} = await this.#toxiproxyApi;
    if (listening !== port)
      throw new LabError('BUSY', `The Toxiproxy API of this system is at ${url} already; \`teralab down\` first.`);
  }

  async #closeToxiproxyApi(): Promise<void> {
    const api = await this.#toxiproxyApi?.catch(() => undefined);
    this.#toxiproxyApi = undefined;
    this.#apiPlaces = () => [];
    await api?.close();
  }

  async #hearing<T>(say: (line: string) => void, work: Promise<T>): Promise<T> {
    this.#listeners.add(say);
    try {
      return await work;
    } finally {
      this.#listeners.delete(say);
    }
  }

  /** What can be changed of a running system is its replicas; for anything else it has to go down first. */
  async #adapt({system, faults, agent}: Live, options: UpOptions, say: (line: string) => void): Promise<void> {
    if (options.topology !== undefined)
      throw new LabError('BUSY', 'The system is running with a topology already; `teralab down` first.');
    if (options.runtime !== undefined && options.runtime !== system.runtime.name)
      throw new LabError('BUSY', `The system is running on ${system.runtime.name} already; \`teralab down\` first.`);
    const engine = system.plan.nodes.find(node => node.kind === 'broker')?.engine ?? 'postgres';
    if (options.broker !== undefined && options.broker !== engine)
      throw new LabError('BUSY', `The system is running with its broker on ${engine}; \`teralab down\` first.`);
    const [gateway = ''] = system.publicUrls();
    if (options.port !== undefined && !gateway.endsWith(`:${options.port}`))
      throw new LabError('BUSY', `The system is running with its gateway at ${gateway}; \`teralab down\` first.`);
    await this.#openToxiproxyApi(options, say);
    await forwardTelemetry(agent, options);
    const replicas = options.replicas ?? {};
    const counts = (service: string): number => system.plan.nodes.filter(node => node.service === service).length;
    if (Object.entries(replicas).every(([service, count]) => counts(service) === count)) return;
    const current = Object.fromEntries(
      Object.keys(system.plan.topology.services).map(service => [service, counts(service)]),
    );
    const plan = planTopology(system.plan.topology, {replicas: {...current, ...replicas}});
    await this.alone('a change of replicas', new AbortController().signal, async signal => {
      await faults.clearAll();
      say(
        `changing to ${Object.entries(replicas)
          .map(([service, count]) => `${service}=${count}`)
          .join(', ')}`,
      );
      await system.replan(plan);
      // Callers learn the addresses of their callees when they start: all services start again.
      const services = plan.nodes.filter(node => node.kind === 'service').map(node => node.name);
      await system.stopNodes(services);
      await system.startNodes(services, []);
      await system.ready(undefined, signal);
    });
  }

  async #stop(say: (line: string) => void): Promise<number> {
    const stopped = new LabError('NOT_RUNNING', 'The system was stopped from elsewhere before this had ended.');
    // A run may be waiting for the start.
    this.#start?.abort.abort(stopped);
    this.#job?.abort.abort(stopped);
    await this.#start?.done.catch(() => undefined);
    await this.#job?.done;
    await this.#closeToxiproxyApi();
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
