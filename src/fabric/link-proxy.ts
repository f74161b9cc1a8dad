import {connect, type Socket} from 'node:net';
import {LabError} from '../errors.ts';
import type {Address} from '../topology/address.ts';
import type {ActiveToxic} from './active-toxic.ts';
import {Connection, type ConnectionOwner} from './connection.ts';
import type {ConnectionState, ProxyCounters, ProxySpec, ToxicSpec} from './fabric.ts';
import type {Exchange} from './http/exchange.ts';
import {Listener} from './listener.ts';
import {LiveWindow} from './live-window.ts';
import {candidatePorts} from './ports.ts';
import type {RequestLog} from './request-log.ts';

const PREFERRED_PORTS_TRIED = 100;
/** Where every fabric listens, and maybe elsewhere too: its own probes come from here. */
export const LOOPBACK = '127.0.0.1';

export interface ProxyContext {
  now(): number;
  readonly log: RequestLog;
  readonly places: FabricPlaces;
}

/** Where a fabric is to be reached. */
export interface FabricPlaces {
  /** What its listeners are bound to: the loopback interface, or all of a container's. */
  readonly bindHost: string;
  /** What its callers are told: the same, or the name of its container. */
  readonly advertisedHost: string;
}

export const ON_LOOPBACK: FabricPlaces = {bindHost: LOOPBACK, advertisedHost: LOOPBACK};

/** A listener for one pair of nodes, the connections that it carries, and the toxics on them. */
export class LinkProxy implements ConnectionOwner {
  readonly listener: Listener;
  #spec: ProxySpec;
  readonly #context: ProxyContext;
  readonly #connections = new Set<Connection>();
  /** In the order in which they were put on. */
  #toxics: readonly ActiveToxic[] = [];
  #nodeUp = true;
  /** Where the probes from these ports lead, if not to the upstream. */
  readonly #probePorts = new Map<number, Address | undefined>();
  readonly #detours = new WeakMap<Connection, Address>();
  readonly #live: LiveWindow;
  #accepted = 0;
  #probes = 0;
  #failed = 0;
  #bytesUpstream = 0;
  #bytesDownstream = 0;
  #receivedUpstream = 0;
  #receivedDownstream = 0;
  /** Connections that came before it was begun. */
  #early: Socket[] | undefined = [];

  /** @throws LabError PORT_TAKEN, NOT_ALLOWED. */
  static async open(spec: ProxySpec, context: ProxyContext): Promise<LinkProxy> {
    let proxy: LinkProxy | undefined;
    const host = spec.host ?? context.places.bindHost;
    const listener = await Listener.open(host, portsFor(spec), socket => proxy?.accept(socket));
    if (listener === undefined) throw new LabError('PORT_TAKEN', takenText(spec));
    proxy = new LinkProxy(spec, listener, context);
    return proxy;
  }

  private constructor(spec: ProxySpec, listener: Listener, context: ProxyContext) {
    this.#spec = spec;
    this.listener = listener;
    this.#context = context;
    this.#live = new LiveWindow(context.now());
  }

  get spec(): ProxySpec {
    return this.#spec;
  }

  get name(): string {
    return this.spec.name;
  }

  /** Where its callers find it. */
  get address(): Address {
    return {host: this.spec.host ?? this.#context.places.advertisedHost, port: this.listener.port};
  }

  get http(): boolean {
    return this.spec.protocol === 'http';
  }

  /** Carries connections from now on. None that came before has got past the toxics that were put on meanwhile. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const socket of early) if (!socket.destroyed) this.accept(socket);
  }

  /** Whether it listens where this spec wants it to. A spec without a port takes any. */
  listensFor({host, port}: ProxySpec): boolean {
    const {bindHost} = this.#context.places;
    return (host ?? bindHost) === (this.spec.host ?? bindHost) && (port ?? this.listener.port) === this.listener.port;
  }

  /** Leads to the upstream of this spec from now on. */
  redirect(spec: ProxySpec): void {
    const {upstream} = this.spec;
    this.#spec = spec;
    if (upstream.host === spec.upstream.host && upstream.port === spec.upstream.port) return;
    for (const connection of [...this.#connections]) connection.cut();
  }

  /** Changes the toxics in one step. Opening the listener again takes a moment: `listener.settled()`. */
  setToxics(toxics: readonly ActiveToxic[]): void {
    const before = this.#toxics;
    this.#toxics = toxics;
    this.#listenAsWanted();
    for (const toxic of before) {
      if (!toxics.includes(toxic)) for (const connection of [...this.#connections]) connection.detach(toxic);
    }
    for (const toxic of toxics) {
      if (!before.includes(toxic)) for (const connection of [...this.#connections]) connection.attach(toxic);
    }
    if (!this.#nodeUp) this.#loseUpstream();
  }

  /** A toxic that is on already has changed. */
  updateToxic(toxic: ActiveToxic, before: ToxicSpec): void {
    this.#listenAsWanted();
    for (const connection of [...this.#connections]) connection.update(toxic, before);
  }

  setNodeUp(up: boolean): void {
    this.#nodeUp = up;
    this.#listenAsWanted();
    if (!up) this.#loseUpstream();
  }

  /** Ends the listener and all connections, by RST or by FIN. */
  close(how: 'reset' | 'end' = 'reset'): void {
    this.listener.end();
    for (const socket of this.#early ?? []) socket.destroy();
    for (const connection of [...this.#connections]) {
      if (how === 'end') connection.cut();
      else connection.reset();
    }
  }

  connections(): readonly ConnectionState[] {
    return [...this.#connections].filter(({probe}) => !probe).map(connection => connection.state());
  }

  /** A connection from this port of ours is a probe, which may lead elsewhere than to the upstream. Returns what forgets it. */
  expectProbe(port: number, upstream?: Address): () => void {
    this.#probePorts.set(port, upstream);
    return () => this.#probePorts.delete(port);
  }

  counters(): ProxyCounters {
    const {name, link, from, to} = this.spec;
    const open = [...this.#connections].filter(connection => !connection.probe).length;
    return {
      name,
      link,
      from,
      to,
      address: this.address,
      upstream: this.spec.upstream,
      listening: this.listener.listening,
      connections: {open, total: this.#accepted, failed: this.#failed},
      bytes: {upstream: this.#bytesUpstream, downstream: this.#bytesDownstream},
      received: {upstream: this.#receivedUpstream, downstream: this.#receivedDownstream},
      ...(this.http ? {http: this.#live.figures(this.#context.now())} : {}),
      toxics: this.#toxics.map(({spec}) => ({id: spec.id, kind: spec.kind})),
    };
  }

  accept(socket: Socket): void {
    if (this.#early !== undefined) {
      socket.on('error', () => {});
      this.#early.push(socket);
      return;
    }
    const probe = socket.remotePort !== undefined && this.#probePorts.has(socket.remotePort);
    const number = probe ? ++this.#probes : ++this.#accepted;
    const connection = new Connection(this, socket, number, probe);
    const detour = probe ? this.#probePorts.get(socket.remotePort ?? 0) : undefined;
    if (detour !== undefined) this.#detours.set(connection, detour);
    socket.on('error', () => connection.clientError());
    this.#connections.add(connection);
    for (const toxic of this.#toxics) connection.attach(toxic);
    connection.start();
    if (!this.#nodeUp) connection.upstreamGone();
  }

  now(): number {
    return this.#context.now();
  }

  connectUpstream(connection: Connection): Socket {
    const {host, port} = this.#detours.get(connection) ?? this.spec.upstream;
    return connect({host, port, allowHalfOpen: true, noDelay: true});
  }

  connectFailed(connection: Connection): void {
    if (!connection.probe) this.#failed++;
  }

  received(direction: 'upstream' | 'downstream', bytes: number, connection: Connection): void {
    if (connection.probe) return;
    if (direction === 'upstream') this.#receivedUpstream += bytes;
    else this.#receivedDownstream += bytes;
  }

  passed(direction: 'upstream' | 'downstream', bytes: number, connection: Connection): void {
    if (connection.probe) return;
    if (direction === 'upstream') this.#bytesUpstream += bytes;
    else this.#bytesDownstream += bytes;
  }

  completed(exchange: Exchange, connection: Connection): void {
    if (connection.probe) return;
    const now = this.#context.now();
    exchange.durationMs = Math.max(0, now - exchange.at);
    if (exchange.lost !== undefined) exchange.status = null;
    this.#live.add(now, exchange.durationMs, exchange.status === null || exchange.status >= 500);
    this.#context.log.add(exchange, this.spec);
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #loseUpstream(): void {
    for (const connection of [...this.#connections]) connection.upstreamGone();
  }

  #listenAsWanted(): void {
    const refused = this.#toxics.some(toxic => toxic.definition.closesListener);
    // Behind a partition nobody can learn that the node is down: its callers get silence, not ECONNREFUSED.
    const silent = this.#toxics.some(
      ({spec}) => spec.kind === 'blackhole' && spec.stream !== 'upstream' && spec.toxicity === 1,
    );
    this.listener.want(!refused && (this.#nodeUp || silent || isSoughtAfter(this.spec)));
  }
}

/**
 * A port that others look for first, such as the gateway's, would be theirs while it is closed, and our callers with it. So it stays
 * open while the node is down: who connects is reset.
 */
function isSoughtAfter({port, preferredPort}: ProxySpec): boolean {
  return port !== undefined || preferredPort !== undefined;
}

function portsFor(spec: ProxySpec): Iterable<number> | AsyncIterable<number> {
  if (spec.port !== undefined) return [spec.port];
  const {preferredPort} = spec;
  if (preferredPort === undefined) return candidatePorts();
  return Array.from({length: PREFERRED_PORTS_TRIED + 1}, (_, index) => preferredPort + index).filter(
    port => port <= 65_535,
  );
}

function takenText(spec: ProxySpec): string {
  if (spec.port !== undefined) return `${spec.name} was to listen on port ${spec.port}, which another process has.`;
  if (spec.preferredPort !== undefined)
    return `${spec.name} found no free port from ${spec.preferredPort} to ${spec.preferredPort + PREFERRED_PORTS_TRIED}.`;
  return `${spec.name} found no free port.`;
}
