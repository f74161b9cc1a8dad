import {randomBytes} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {isDeepStrictEqual} from 'node:util';
import type {Agent} from '../agent/agent.ts';
import {LabError} from '../errors.ts';
import type {OpenProxy} from '../fabric/fabric.ts';
import type {BuiltSeam, NodeEvent} from '../labs/system.ts';
import {readableLine} from '../observe/readable-line.ts';
import type {Runtime, StartOptions} from '../runtime/runtime.ts';
import type {Address} from '../topology/address.ts';
import {calledAs} from '../topology/modules.ts';
import type {Plan, PlannedNode, PlannedProxy} from '../topology/plan.ts';
import {CLIENT, type Topology} from '../topology/topology.ts';
import {Mesh} from './mesh.ts';
import {NodeKeeper} from './node-keeper.ts';
import type {NodeState} from './protocol.ts';
import {surroundings} from './surroundings.ts';
import {Waiters} from './waiters.ts';

/** All nodes have to be ready within this time, in ms; a bound against hanging, far above what a slow machine takes. */
const READY_WITHIN_MS = 60_000;
/** A node that is not ready has little to finish, in ms. */
const MEND_GRACE_MS = 500;
/** Events kept for status and judges. */
const EVENTS_MAX = 20_000;
const GATEWAY_PORT = 4000;
/** In these states a node's links are open; a paused one keeps its connections. */
const REACHABLE: ReadonlySet<NodeState> = new Set(['ready', 'degraded', 'paused']);

export interface SystemTools {
  readonly runtime: Runtime;
  readonly agent: Agent;
  /** The set of running processes changed: the session record has to follow. */
  onProcesses(): void;
  /** Something happened that a watcher would want to know. */
  onEvent(event: NodeEvent): void;
}

/** The running nodes and proxies of one plan. */
export class System {
  readonly #tools: SystemTools;
  readonly #keepers = new Map<string, NodeKeeper>();
  readonly #addresses = new Map<string, OpenProxy>();
  readonly #secret = randomBytes(32).toString('hex');
  readonly #events: NodeEvent[] = [];
  readonly #waiters = new Waiters();
  /** What it was started with; a lab may have given it another shape since. */
  readonly declared: Topology;
  #plan: Plan;
  readonly #mesh: Mesh;
  /** What services need to send their telemetry. */
  #telemetry: Readonly<Record<string, string>> = {};

  constructor(plan: Plan, tools: SystemTools) {
    this.#plan = plan;
    this.declared = plan.topology;
    this.#tools = tools;
    this.#mesh = new Mesh({runtime: tools.runtime, addressOf: proxy => this.#listenerOf(proxy)});
  }

  get plan(): Plan {
    return this.#plan;
  }

  get runtime(): Runtime {
    return this.#tools.runtime;
  }

  get agent(): Agent {
    return this.#tools.agent;
  }

  /** One for each node of the plan. */
  keepers(): readonly NodeKeeper[] {
    return this.#plan.nodes.map(node => this.#keep(node));
  }

  keeper(name: string): NodeKeeper {
    const node = this.#plan.nodes.find(candidate => candidate.name === name);
    if (node === undefined) throw new LabError('UNKNOWN_NODE', `There is no node "${name}".`);
    return this.#keep(node);
  }

  events(since: number): readonly NodeEvent[] {
    return this.#events.filter(event => event.at >= since);
  }

  /** Where a caller reaches a callee: the fabric's listener for the two. */
  proxyAddress(proxy: string): OpenProxy | undefined {
    return this.#addresses.get(proxy);
  }

  gatewayUrls(): readonly string[] {
    return this.#plan.proxies
      .filter(proxy => proxy.from === CLIENT)
      .flatMap(proxy => this.#addresses.get(proxy.name) ?? [])
      .map(({address}) => `http://${address.host}:${address.port}`);
  }

  /** The gateways' links as programs outside of the system reach them, where they can. */
  publicUrls(): readonly string[] {
    return this.#plan.proxies
      .filter(proxy => proxy.from === CLIENT)
      .flatMap(proxy => {
        const opened = this.#addresses.get(proxy.name);
        return (opened === undefined ? undefined : this.runtime.outside(opened.address)) ?? [];
      })
      .map(({host, port}) => `http://${host}:${port}`);
  }

  /** Opens the fabric's listeners for the plan's proxies, and starts every node that is not running. */
  async start(options: {
    readonly seams: readonly BuiltSeam[];
    readonly gatewayPort: number | undefined;
  }): Promise<void> {
    const names = (isService: boolean): readonly string[] =>
      this.#plan.nodes.filter(node => (node.kind === 'service') === isService).map(node => node.name);
    const services = this.#openProxies(options.gatewayPort).then(async () =>
      this.startNodes(names(true), options.seams),
    );
    // Databases call nobody, so that they need not wait for the listeners, whose addresses services have to know.
    const databases = this.startNodes(names(false), options.seams);
    await allDone([databases, services]);
  }

  /** Starts these nodes, all at once: services wait for their databases by themselves. `more` is added to their environment. */
  async startNodes(
    names: readonly string[],
    seams: readonly BuiltSeam[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await allDone(
      this.#plan.nodes
        .filter(node => names.includes(node.name))
        .map(async node => this.#keep(node).start(this.#startOptions(node, seams, more))),
    );
  }

  /** Starts what keeps data and is not running. */
  async startDatabases(): Promise<void> {
    const stopped = this.keepers().filter(keeper => keeper.node.kind !== 'service' && keeper.state === 'stopped');
    await this.startNodes(
      stopped.map(({name}) => name),
      [],
    );
  }

  async stopNodes(names: readonly string[], graceMs?: number): Promise<void> {
    await allDone(names.map(async name => this.#keepers.get(name)?.stop(graceMs)));
  }

  /** Goes over to another plan: what is not in it any more, or is another thing of the same name, is stopped and closed. Starts nothing. */
  async replan(plan: Plan): Promise<void> {
    const gone = this.#plan.nodes
      .filter(node => !plan.nodes.some(other => isDeepStrictEqual(other, node)))
      .map(node => node.name);
    await this.stopNodes(gone);
    const closed = this.#plan.proxies
      .filter(proxy => !plan.proxies.some(other => other.name === proxy.name))
      .map(proxy => proxy.name);
    if (closed.length > 0) await this.#tools.agent.fabric.close(closed);
    for (const name of gone) this.#keepers.delete(name);
    for (const name of closed) this.#addresses.delete(name);
    const fresh = plan.nodes.filter(node => !this.#plan.nodes.some(other => isDeepStrictEqual(other, node)));
    if (fresh.length > 0) await this.runtime.prepare(fresh, () => undefined);
    this.#plan = plan;
    await this.#openProxies(undefined);
  }

  /** Starts afresh what has been given up, or is not ready with a learner's module, which may be why: without it. */
  async mend(): Promise<void> {
    const names = this.keepers()
      .filter(keeper => keeper.state !== 'ready' && !keeper.isHeld && (keeper.hopeless || keeper.runsModules))
      .map(keeper => keeper.name);
    await this.stopNodes(names, MEND_GRACE_MS);
    await this.startNodes(names, []);
  }

  /** Settles when every node is ready that no fault keeps from it; rejects when one can never be, or the bound passes. */
  async ready(withinMs = READY_WITHIN_MS, signal?: AbortSignal): Promise<void> {
    const missing = (): readonly NodeKeeper[] =>
      this.keepers().filter(keeper => keeper.state !== 'ready' && !keeper.isHeld);
    const hopeless = (): NodeKeeper | undefined => missing().find(keeper => keeper.hopeless);
    const settled = await this.#waiters.until(
      () => missing().length === 0 || hopeless() !== undefined,
      withinMs,
      signal,
    );
    const failed = hopeless() ?? (settled ? undefined : missing()[0]);
    if (failed === undefined) return;
    const tail = (await this.logTail(failed.name, 5)).map(line => `  ${readableLine(failed.name, line)}`);
    const why = failed.hopeless ? 'ended again and again' : `was not ready after ${withinMs} ms (${failed.state})`;
    throw new LabError(
      'NODE_NOT_READY',
      `${failed.name} ${why}.${tail.length === 0 ? '' : ` Its last lines:\n${tail.join('\n')}`}`,
    );
  }

  /** Stops everything: services first, so that they can finish with their databases there. */
  async stop(): Promise<void> {
    const services = this.#plan.nodes.filter(node => node.kind === 'service').map(node => node.name);
    const others = this.#plan.nodes.filter(node => node.kind !== 'service').map(node => node.name);
    await this.stopNodes(services).catch(() => undefined);
    await this.stopNodes(others).catch(() => undefined);
  }

  /** The last lines of a node's log, over its restarts. */
  async logTail(node: string, lines: number): Promise<readonly string[]> {
    const text = await readFile(this.runtime.logFile(node), 'utf8').catch(() => '');
    return text
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .filter(line => line !== '');
  }

  /** Settles when everything that keeps data is ready. */
  async databasesReady(): Promise<void> {
    const waiting = (): NodeKeeper | undefined =>
      this.keepers().find(keeper => keeper.node.kind !== 'service' && keeper.state !== 'ready');
    if (await this.#waiters.until(() => waiting() === undefined, READY_WITHIN_MS)) return;
    throw new LabError(
      'NODE_NOT_READY',
      `${waiting()?.name ?? 'A database'} was not ready after ${READY_WITHIN_MS} ms.`,
    );
  }

  #keep(node: PlannedNode): NodeKeeper {
    const existing = this.#keepers.get(node.name);
    if (existing !== undefined) return existing;
    const keeper = new NodeKeeper(node, {
      runtime: this.#tools.runtime,
      onEvent: event => this.#record(event),
      onReachable: async (name, reachable) => {
        await this.#tools.agent.fabric.setNodeUp(name, reachable).catch(() => undefined);
      },
      onProcess: () => this.#tools.onProcesses(),
    });
    this.#keepers.set(node.name, keeper);
    return keeper;
  }

  #record(event: NodeEvent): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX) this.#events.splice(0, EVENTS_MAX / 10);
    this.#waiters.look();
    this.#tools.onEvent(event);
  }

  async #openProxies(gatewayPort: number | undefined): Promise<void> {
    const fresh = this.#plan.proxies.filter(proxy => !this.#addresses.has(proxy.name));
    if (fresh.length === 0) return;
    // Told first, so that what a node that starts meanwhile says of itself comes later and counts.
    const closed = [...new Set(fresh.map(proxy => proxy.to))]
      .filter(node => !REACHABLE.has(this.#keepers.get(node)?.state ?? 'stopped'))
      .map(async node => this.#tools.agent.fabric.setNodeUp(node, false));
    const opening = this.#tools.agent.fabric.open(
      fresh.map((proxy, index) => ({
        ...proxy,
        upstream: this.#tools.runtime.upstream(this.#doorOf(proxy.to)),
        ...gatewayListen(proxy, index, gatewayPort),
      })),
    );
    const telemetry = this.#tools.agent.telemetry.environment();
    const [opened, environment] = await Promise.all([opening, telemetry, this.#mesh.prepare(this.#plan), ...closed]);
    this.#telemetry = environment;
    for (const proxy of opened) this.#addresses.set(proxy.name, proxy);
  }

  /** A node that has a sidecar is reached through that. */
  #doorOf(node: string): string {
    return this.#plan.nodes.find(({name}) => name === node)?.sidecar ?? node;
  }

  #listenerOf(proxy: PlannedProxy): Address {
    const opened = this.#addresses.get(proxy.name);
    if (opened === undefined) throw new LabError('INTERNAL', `The link ${proxy.name} has no listener.`);
    return opened.address;
  }

  #startOptions(node: PlannedNode, seams: readonly BuiltSeam[], more: Readonly<Record<string, string>>): StartOptions {
    const {env, links} = surroundings(node, {
      plan: this.#plan,
      runtime: this.#tools.runtime,
      mesh: this.#mesh,
      addressOf: proxy => this.#listenerOf(proxy),
    });
    const ofServices = node.kind === 'service' ? {SESSION_SECRET: this.#secret, ...this.#telemetry} : {};
    const names = calledAs(node);
    const own = seams.filter(seam => names.includes(seam.service)).map(seam => [seam.seam, seam.file] as const);
    return {env: {...more, ...env, ...ofServices}, links, seams: Object.fromEntries(own)};
  }
}

function gatewayListen(
  proxy: PlannedProxy,
  index: number,
  port: number | undefined,
): {readonly port: number} | {readonly preferredPort: number} | object {
  if (proxy.from !== CLIENT) return {};
  if (port !== undefined && index === 0) return {port};
  return {preferredPort: (port ?? GATEWAY_PORT) + index};
}

/** Waits for all, then throws the first that failed. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find(result => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
