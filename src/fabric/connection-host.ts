import type {Stream} from './fabric.ts';
import type {HttpObserver, ReplyFilter, RequestFilter} from './http/observer.ts';
import type {LaneName, MakeStage, Placed} from './lane.ts';
import type {ToxicHost} from './toxics/toxic.ts';

/** What a toxic may reach of a connection. */
export interface HostedConnection {
  readonly key: string;
  readonly probe: boolean;
  /** Whether the upstream has yet to be connected to. */
  readonly opening: boolean;
  readonly observer: HttpObserver | undefined;
  /** Puts a stage on a lane. */
  add(lane: LaneName, make: MakeStage, place: number): Placed;
  reset(): void;
  cut(): void;
}

const LANES: Readonly<Record<Stream, readonly LaneName[]>> = {
  upstream: ['upstream'],
  downstream: ['downstream'],
  both: ['upstream', 'downstream'],
};

/** A connection as one toxic sees it. */
export class ConnectionHost implements ToxicHost {
  readonly #connection: HostedConnection;
  readonly proxy: string;
  readonly lanes: readonly LaneName[];
  readonly #place: number;

  constructor(connection: HostedConnection, proxy: string, stream: Stream, place: number) {
    this.#connection = connection;
    this.proxy = proxy;
    this.lanes = LANES[stream];
    this.#place = place;
  }

  get key(): string {
    return this.#connection.key;
  }

  get probe(): boolean {
    return this.#connection.probe;
  }

  get opening(): boolean {
    return this.#connection.opening;
  }

  add(lane: LaneName, make: MakeStage): Placed {
    return this.#connection.add(lane, make, this.#place);
  }

  reset(): void {
    this.#connection.reset();
  }

  cut(): void {
    this.#connection.cut();
  }

  filterRequests(filter: RequestFilter): () => void {
    return this.#connection.observer?.addRequestFilter(filter) ?? (() => {});
  }

  filterReplies(filter: ReplyFilter): () => void {
    return this.#connection.observer?.addFilter(filter) ?? (() => {});
  }
}
