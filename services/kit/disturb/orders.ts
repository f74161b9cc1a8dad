/** What a service can be told to do to itself. One of a kind is in force at a time. */
export type Order =
  /** The event loop is blocked for `share` of each period; with a share of 1 it is blocked to the end. */
  | {readonly kind: 'busy'; readonly share: number; readonly periodMs: number}
  | {readonly kind: 'leak'; readonly bytesPerSecond: number; readonly limitBytes: number}
  /** This share of the deliveries is handed over once more before it is acknowledged. */
  | {readonly kind: 'redeliver'; readonly share: number; readonly seed: number}
  /** Deliveries of different keys change places, over at most `window` of them. */
  | {readonly kind: 'reorder'; readonly window: number; readonly seed: number};

export type OrderKind = Order['kind'];

/** What has come of an order so far. Zeros again when the next of its kind comes. */
export interface OrderState {
  /** Whether it is still being carried out. */
  readonly inForce: boolean;
  /** Deliveries that came while it was in force. */
  readonly seen: number;
  /** Deliveries that were doubled or moved, bytes that are held, ms for which the loop was blocked. */
  readonly affected: number;
  /** Why there is less of it than was asked for. */
  readonly note?: string;
}

/** Figures that an order of each kind has to have. */
const FIGURES: Readonly<Record<OrderKind, readonly string[]>> = {
  busy: ['share', 'periodMs'],
  leak: ['bytesPerSecond', 'limitBytes'],
  redeliver: ['share', 'seed'],
  reorder: ['window', 'seed'],
};

export function isOrderKind(kind: unknown): kind is OrderKind {
  return typeof kind === 'string' && Object.hasOwn(FIGURES, kind);
}

/** An order that is whole; undefined for anything else. */
export function toOrder(raw: unknown): Order | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const figures = raw as Readonly<Record<string, unknown>>;
  const {kind} = figures;
  if (!isOrderKind(kind)) return undefined;
  return FIGURES[kind].every(name => Number.isFinite(figures[name]) && Number(figures[name]) >= 0)
    ? (raw as Order)
    : undefined;
}
