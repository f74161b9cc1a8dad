import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {type Agent, startAgent} from '../agent/agent.ts';
import {LabError} from '../errors.ts';
import {createFaultEngine, type FaultEngine} from '../faults/engine.ts';
import type {FaultNodes} from '../faults/nodes.ts';
import type {NodeEvent} from '../labs/system.ts';
import type {Paths} from '../paths.ts';
import {type KnownProcess, processStartTime} from '../runtime/process/leftovers.ts';
import {createProcessRuntime} from '../runtime/process/process-runtime.ts';
import type {Runtime} from '../runtime/runtime.ts';
import {defaultTopology} from '../topology/default.ts';
import {checkTopology} from '../topology/parse-topology.ts';
import {planTopology} from '../topology/plan-topology.ts';
import type {Topology} from '../topology/topology.ts';
import type {Entries} from './entries.ts';
import {faultNodes} from './fault-nodes.ts';
import {PostgresReader} from './postgres.ts';
import type {Phase, StatusReport, UpOptions} from './protocol.ts';
import type {SessionRecord} from './session-record.ts';
import {reportStatus} from './status.ts';
import {System} from './system.ts';

/** A system that is up: everything that has to be taken down again, in one place. */
export interface Live {
  readonly system: System;
  readonly agent: Agent;
  readonly runtime: Runtime;
  readonly faults: FaultEngine;
  readonly faultNodes: FaultNodes;
  readonly postgres: PostgresReader;
}

export interface ControllerOptions {
  readonly session: string;
  readonly workspace: string;
  readonly workspaceId: string;
  readonly paths: Paths;
  readonly entries: Entries;
  readonly log: (line: string) => void;
  /** Rewrites the session record with these processes. */
  readonly recordProcesses: (nodes: SessionRecord['nodes']) => void;
}

/** Owns the running system of one workspace: brings it up once, whoever asks, and takes it down again. */
export class Controller {
  readonly options: ControllerOptions;
  #live: Live | undefined;
  #starting: Promise<Live> | undefined;
  readonly #listeners = new Set<(line: string) => void>();
  readonly #eventListeners = new Set<(event: NodeEvent) => void>();
  #stopping: Promise<number> | undefined;
  /** The check or load that is under way; one at a time, since they share the system. */
  #job:
    | {readonly lab: string; phase: Phase; readonly abort: AbortController; readonly done: Promise<unknown>}
    | undefined;

  constructor(options: ControllerOptions) {
    this.options = options;
  }

  get isUp(): boolean {
    return this.#live !== undefined || this.#starting !== undefined;
  }

  live(): Live {
    if (this.#live === undefined) throw new LabError('NOT_RUNNING', 'The system is not running.');
    return this.#live;
  }

  /** Brings the system up, or waits with whoever is doing so; a system that runs is left as it is, but for replicas asked for. */
  async up(options: UpOptions, say: (line: string) => void): Promise<Live> {
    if (this.#stopping !== undefined) throw new LabError('BUSY', 'The system is being stopped.');
    if (this.#live !== undefined) {
      await this.#adapt(this.#live, options, say);
      return this.#live;
    }
    this.#listeners.add(say);
    try {
      this.#starting ??= this.#start(options);
      return await this.#starting;
    } finally {
      this.#listeners.delete(say);
    }
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
    } finally {
      this.#job = undefined;
    }
  }

  async status(): Promise<StatusReport> {
    return (await this.report()).status;
  }

  async report(): ReturnType<typeof reportStatus> {
    const {system, faults} = this.live();
    const check = this.#job === undefined ? null : {lab: this.#job.lab, phase: this.#job.phase};
    return reportStatus(system, {
      session: this.options.session,
      workspace: this.options.workspace,
      faults: faults.list(),
      check,
    });
  }

  onEvent(listener: (event: NodeEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  async #start(options: UpOptions): Promise<Live> {
    const say = (line: string): void => {
      this.options.log(line);
      for (const listener of this.#listeners) listener(line);
    };
    const {session, workspaceId, paths, entries} = this.options;
    const logFolder = join(paths.state, 'logs', workspaceId);
    for (const folder of [logFolder, join(paths.state, 'faults')]) await mkdir(folder, {recursive: true, mode: 0o700});
    const plan = planTopology(topologyOf(options), {replicas: options.replicas ?? {}});
    const runtime = createProcessRuntime({session, workspaceId, paths, serviceEntries: entries.services, logFolder});
    let agent: Agent | undefined;
    let system: System | undefined;
    try {
      say('preparing databases');
      const [started] = await Promise.all([startAgent(entries.agent), runtime.prepare(plan.nodes, say)]);
      agent = started;
      const live = new System(plan, {
        runtime,
        agent,
        onProcesses: () => this.#recordProcesses(live),
        onEvent: event => this.#onEvent(event, say),
      });
      system = live;
      const postgres = new PostgresReader(node => runtime.postgres(node));
      const nodes = faultNodes(live, listener => this.onEvent(listener));
      const faults = createFaultEngine({
        fabric: agent.fabric,
        plan: () => live.plan,
        nodes,
        recordFile: join(paths.state, 'faults', `${workspaceId}.jsonl`),
      });
      await faults.healLeftovers();
      say(`starting ${plan.nodes.map(node => node.name).join(', ')}`);
      await live.start({seams: [], gatewayPort: options.port});
      await live.ready();
      this.#live = {system: live, agent, runtime, faults, faultNodes: nodes, postgres};
      return this.#live;
    } catch (error) {
      await system?.stop().catch(() => undefined);
      await agent?.stop().catch(() => undefined);
      await runtime.down().catch(() => undefined);
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  /** What can be changed of a running system is its replicas; for anything else it has to go down first. */
  async #adapt({system, faults}: Live, options: UpOptions, say: (line: string) => void): Promise<void> {
    if (options.topology !== undefined)
      throw new LabError('BUSY', 'The system is running with another topology; `teralab down` first.');
    const replicas = options.replicas ?? {};
    const counts = (service: string): number => system.plan.nodes.filter(node => node.service === service).length;
    if (Object.entries(replicas).every(([service, count]) => counts(service) === count)) return;
    if (this.#job !== undefined) throw new LabError('BUSY', `${this.#job.lab} is being run on this system.`);
    const current = Object.fromEntries(
      Object.keys(system.plan.topology.services).map(service => [service, counts(service)]),
    );
    const plan = planTopology(system.plan.topology, {replicas: {...current, ...replicas}});
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
    await system.ready();
  }

  async #stop(say: (line: string) => void): Promise<number> {
    this.#job?.abort.abort(new LabError('INTERRUPTED', 'The system is being stopped.'));
    await this.#job?.done;
    await this.#starting?.catch(() => undefined);
    const live = this.#live;
    if (live === undefined) return 0;
    const count = live.system.keepers().filter(keeper => keeper.running !== undefined).length;
    say(
      `stopping ${live.system
        .keepers()
        .map(keeper => keeper.name)
        .join(', ')}`,
    );
    await live.faults.stop().catch(() => undefined);
    await live.postgres.close();
    await live.system.stop();
    await live.agent.stop().catch(() => undefined);
    await live.runtime.down();
    this.#live = undefined;
    return count;
  }

  #onEvent(event: NodeEvent, say: (line: string) => void): void {
    this.options.log(`${event.node} ${event.type}: ${event.detail}`);
    if (event.type === 'ready' && this.#live === undefined) say(`${event.node} is ready ${event.detail}`);
    for (const listener of this.#eventListeners) listener(event);
  }

  #recordProcesses(system: System): void {
    const nodes: KnownProcess[] = system.keepers().flatMap(keeper => {
      const pid = keeper.running?.pid;
      const startTime = pid === undefined ? undefined : processStartTime(pid);
      return pid === undefined || startTime === undefined ? [] : [{name: keeper.name, pid, startTime}];
    });
    this.options.recordProcesses(nodes);
  }
}

function topologyOf(options: UpOptions): Topology {
  return options.topology === undefined ? defaultTopology() : checkTopology(options.topology);
}
