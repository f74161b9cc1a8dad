import type {Socket} from 'node:net';
import type {ActiveToxic} from './active-toxic.ts';
import {ConnectionHost, type HostedConnection} from './connection-host.ts';
import type {ConnectionState, ToxicSpec} from './fabric.ts';
import type {Exchange} from './http/exchange.ts';
import {HttpObserver} from './http/observer.ts';
import {Lane, type LaneName, type MakeStage, type Placed} from './lane.ts';
import {resetSocket} from './sockets.ts';
import type {Detach} from './toxics/toxic.ts';

/** How long a connection that was closed on purpose may still send. */
const LINGER_MS = 1_000;

/** What a connection needs of the proxy that it belongs to. */
export interface ConnectionOwner {
  readonly name: string;
  readonly http: boolean;
  now(): number;
  connectUpstream(connection: Connection): Socket;
  connectFailed(connection: Connection): void;
  received(direction: 'upstream' | 'downstream', bytes: number, connection: Connection): void;
  passed(direction: 'upstream' | 'downstream', bytes: number, connection: Connection): void;
  /** An exchange is over. */
  completed(exchange: Exchange, connection: Connection): void;
  gone(connection: Connection): void;
}

/** A client's connection and the one to the upstream that belongs to it, with a lane for each direction between them. */
export class Connection implements HostedConnection {
  readonly probe: boolean;
  readonly observer: HttpObserver | undefined;
  /** Its number on its proxy: what draws for it are derived from. */
  readonly key: string;
  readonly #owner: ConnectionOwner;
  readonly #client: Socket;
  #upstream: Socket | undefined;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #attached = new Map<ActiveToxic, Detach>();
  readonly #since: number;
  readonly #from: ConnectionState['client'];
  #bytesUp = 0;
  #bytesDown = 0;
  #started = false;
  #injects = false;
  #broken = false;
  #over = false;

  constructor(owner: ConnectionOwner, client: Socket, number: number, probe: boolean) {
    this.#owner = owner;
    this.#client = client;
    this.probe = probe;
    this.#since = owner.now();
    this.#from = {host: client.remoteAddress ?? '', port: client.remotePort ?? 0};
    this.key = probe ? `probe-${number}` : `${number}`;
    this.observer = owner.http ? this.#observe() : undefined;
    this.#up = new Lane('upstream', {
      open: () => this.#openUpstream(),
      end: () => this.#endUpstream(),
      reset: () => this.#resetFrom(this.#client, this.#upstream),
      close: () => this.#closeAfter(this.#upstream, this.#client),
      clear: () => this.#openWhenWanted(),
      passed: bytes => {
        this.#bytesUp += bytes;
        owner.passed('upstream', bytes, this);
      },
      completed: () => {},
    });
    this.#down = new Lane('downstream', {
      open: () => this.#client,
      end: () => this.#client.end(),
      reset: () => this.#resetFrom(this.#upstream, this.#client),
      close: () => this.#closeAfter(this.#client, this.#upstream),
      clear: () => {},
      passed: bytes => {
        this.#bytesDown += bytes;
        owner.passed('downstream', bytes, this);
        if (this.#injects) this.#up.backlog = this.#down.waiting;
      },
      completed: exchanges => this.#completed(exchanges),
    });
  }

  /** Begins to carry bytes. Toxics that are in force are put on it before, so that none is escaped. */
  start(): void {
    if (this.#over) return;
    this.#down.writeTo(this.#client);
    this.#up.readFrom(this.#client);
    const observer = this.observer;
    this.#client.on('data', (bytes: Buffer) => {
      this.#owner.received('upstream', bytes.length, this);
      if (observer === undefined) this.#up.pass(bytes);
      else observer.request(bytes);
    });
    this.#client.on('end', () => {
      this.#abandoned();
      this.#up.end();
    });
    this.#client.on('close', () => this.#closed());
    // While nothing gets through, the upstream is not bothered with a connection either.
    this.#started = true;
    this.#up.wake();
  }

  attach(toxic: ActiveToxic): void {
    if (this.#over) return;
    const detach = toxic.attach(this.#hostFor(toxic));
    if (detach !== undefined && !this.#over) this.#attached.set(toxic, detach);
  }

  detach(toxic: ActiveToxic): void {
    const detach = this.#attached.get(toxic);
    this.#attached.delete(toxic);
    if (!this.#over) detach?.('removed');
  }

  /** A toxic has changed; `before` is what it was. Where that makes no difference to this connection, it goes on untouched. */
  update(toxic: ActiveToxic, before: ToxicSpec): void {
    const detach = this.#attached.get(toxic);
    const isSame = JSON.stringify(before.attributes) === JSON.stringify(toxic.spec.attributes);
    if (!toxic.applies(this.#owner.name, this.key)) this.detach(toxic);
    else if (detach === undefined) this.attach(toxic);
    else if (!this.#over && !isSame) {
      this.#attached.delete(toxic);
      detach('updated');
      const again = toxic.attach(this.#hostFor(toxic), true);
      if (again !== undefined && !this.#over) this.#attached.set(toxic, again);
    }
  }

  state(): ConnectionState {
    return {
      id: this.key,
      since: this.#since,
      client: this.#from,
      bytes: {upstream: this.#bytesUp, downstream: this.#bytesDown},
      toxics: [...this.#attached.keys()].sort((a, b) => a.place - b.place).map(({spec}) => spec.id),
    };
  }

  /** Puts a stage on a lane, for a toxic. */
  add(lane: LaneName, make: MakeStage, place: number): Placed {
    return (lane === 'upstream' ? this.#up : this.#down).add(make, place);
  }

  /** Whether the upstream has yet to be connected to. */
  get opening(): boolean {
    return this.#upstream === undefined;
  }

  /** RST to both ends, now. */
  reset(): void {
    this.#broken = true;
    resetSocket(this.#client);
    if (this.#upstream !== undefined) resetSocket(this.#upstream);
    this.#finish();
  }

  /** Closes both ends, as when their process ends: what is not with the kernel yet is lost. */
  cut(): void {
    this.#client.destroy();
    this.#upstream?.destroy();
    this.#finish();
  }

  /** The upstream is gone. The client learns of it as fast as the link lets anything through. */
  upstreamGone(): void {
    if (this.#over) return;
    if (this.#upstream !== undefined) resetSocket(this.#upstream);
    this.#broken = true;
    this.#down.reset();
  }

  clientError(): void {
    this.#broken = true;
    this.#abandoned();
    this.#up.reset();
  }

  #observe(): HttpObserver {
    return new HttpObserver({
      now: () => this.#owner.now(),
      passRequest: bytes => this.#up.pass(bytes),
      inject: (bytes, completes) => this.#inject(bytes, completes),
      endReplies: () => this.#down.end(),
      passReply: (bytes, completes) => this.#down.pass(bytes, completes),
      cut: () => {
        this.#upstream?.destroy();
        this.#down.reset();
      },
    });
  }

  /** Answers of our own come as fast as requests do: a client that does not read them is not read either. */
  #inject(bytes: Buffer, completes: readonly Exchange[]): void {
    if (!this.#injects) {
      this.#injects = true;
      this.#client.on('drain', () => {
        this.#up.backlog = this.#down.waiting;
      });
    }
    this.#down.pass(bytes, completes);
    this.#up.backlog = this.#down.waiting;
  }

  /** Nothing holds bytes towards the upstream up: a server that speaks first is to be heard. */
  #openWhenWanted(): void {
    if (this.#started && !this.#client.writableEnded && !this.#client.destroyed) this.#openUpstream();
  }

  #openUpstream(): Socket | undefined {
    if (this.#upstream !== undefined || this.#over) return this.#upstream;
    const upstream = this.#owner.connectUpstream(this);
    this.#upstream = upstream;
    this.#up.writeTo(upstream);
    this.#down.readFrom(upstream);
    const observer = this.observer;
    upstream.on('data', (bytes: Buffer) => {
      this.#owner.received('downstream', bytes.length, this);
      if (observer === undefined) this.#down.pass(bytes);
      else observer.reply(bytes);
    });
    upstream.on('end', () => this.#down.end(observer?.endReplies()));
    upstream.on('error', () => {
      if (!connected) this.#owner.connectFailed(this);
      this.#broken = true;
      this.#down.reset();
    });
    let connected = false;
    upstream.once('connect', () => {
      connected = true;
    });
    upstream.on('close', () => this.#closed());
    return upstream;
  }

  #endUpstream(): void {
    // A client that came while nothing got through and said nothing may have closed only its own side: the other may have something to say.
    this.#openUpstream()?.end();
  }

  #resetFrom(source: Socket | undefined, target: Socket | undefined): void {
    this.#broken = true;
    if (target !== undefined) resetSocket(target);
    source?.destroy();
    this.#closed();
  }

  /** Closes both ends, the one only when it has been written all that is on its way to it. */
  #closeAfter(target: Socket | undefined, source: Socket | undefined): void {
    this.#up.discard();
    this.#down.discard();
    source?.destroy();
    if (target === undefined) {
      this.#closed();
      return;
    }
    // What it still sends is read and thrown away: closing on unread bytes would be a reset, which may overtake what was written.
    target.resume();
    target.end(() => setTimeout(() => target.destroy(), LINGER_MS).unref());
  }

  /** Who asked has closed its side. A half-closed connection goes on, but a client of HTTP that closes does not wait any more. */
  #abandoned(): void {
    const now = this.#owner.now();
    for (const exchange of this.observer?.open ?? []) exchange.abandonedMs ??= now - exchange.at;
  }

  #completed(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) {
      this.observer?.close(exchange);
      this.#owner.completed(exchange, this);
    }
  }

  #closed(): void {
    if (this.#client.destroyed && this.#upstream?.destroyed !== false) this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#up.discard();
    this.#down.discard();
    for (const exchange of this.observer?.open ?? []) {
      exchange.lost = exchange.dropped ? 'drop_reply' : this.#broken ? 'reset' : 'closed';
      this.#owner.completed(exchange, this);
    }
    for (const detach of this.#attached.values()) detach('removed');
    this.#attached.clear();
    this.#owner.gone(this);
  }

  #hostFor({place, spec: {stream}}: ActiveToxic): ConnectionHost {
    return new ConnectionHost(this, this.#owner.name, stream, place);
  }
}
