import type {
  ConnectionState,
  FabricChange,
  ProxyCounters,
  Stream,
  ToxicAttributes,
  ToxicKind,
  ToxicState,
} from '../fabric.ts';

/** What the control API works on: the fabric, and the record of who has put what on it. */
export interface ApiPort {
  look(): Promise<ApiView>;
  /** Errors: UNKNOWN_TARGET. */
  connections(proxy: string): Promise<readonly ConnectionState[]>;
  /** All of it in one step, or nothing. Errors: those of `Fabric.change`. */
  change(change: ApiChange): Promise<void>;
  /** Why clients cannot open proxies of their own here, in a sentence; undefined: they can. */
  readonly whyNoOwnProxies: string | undefined;
  /** A seed for a toxic that was not given one. */
  drawSeed(): number;
}

/** How everything is at one moment. */
export interface ApiView {
  readonly proxies: readonly ProxyCounters[];
  readonly toxics: readonly ToxicState[];
  /** Of each toxic, by its id. */
  readonly owners: ReadonlyMap<string, ToxicOwner>;
}

/** `api`: a client of this API put it on; its name is the client's, and the toxic that disables a proxy has none. */
export type ToxicOwner =
  | {readonly by: 'api'; readonly name?: string}
  | {readonly by: 'others'; readonly reason: string};

/** A toxic to put on a proxy. */
export interface ApiToxic {
  /** What its owner calls it. */
  readonly name?: string;
  readonly kind: ToxicKind;
  readonly proxy: string;
  readonly stream: Stream;
  readonly toxicity: number;
  readonly attributes: ToxicAttributes;
  readonly seed: number;
  /** How long it lasts, ms; absent: until it is removed. */
  readonly forMs?: number;
}

/** What becomes of a toxic that is in force. Its draws stay as they are. */
export interface ApiUpdate {
  readonly id: string;
  readonly toxicity: number;
  /** All of them. */
  readonly attributes: ToxicAttributes;
  /** From now on, ms; null: until it is removed; absent: as it was. */
  readonly forMs?: number | null;
}

/** Ids in `remove` that have ended by themselves are no mistake. */
export interface ApiChange extends Pick<FabricChange, 'open' | 'close'> {
  readonly add?: readonly ApiToxic[];
  readonly update?: readonly ApiUpdate[];
  readonly remove?: readonly string[];
}

/** Who a proxy's caller is that a client of this API has opened. Nodes have no such name. */
export const API_CALLER = 'toxiproxy-api';
