import type {Order, OrderKind, OrderState} from './orders.ts';

/** One kind of order, carried out. */
export interface Effect<K extends OrderKind = OrderKind> {
  /** From now on, in the place of what was in force. */
  start(order: Extract<Order, {readonly kind: K}>): void;
  /** Ends it; harmless when it is not in force. */
  stop(): void;
  state(): Omit<OrderState, 'inForce'>;
}

// Code behind a seam runs in the same process: what the effects live by is taken before any of it is loaded.
export const later = setTimeout;
export const cancel = clearTimeout;
/** After what is being done now, and before anything else that comes from outside. */
export const next = setImmediate;
export const monotonic = performance.now.bind(performance);
const wait = Atomics.wait;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Holds up this thread, and with it the event loop, without taking CPU time from anybody. */
export function block(ms: number): void {
  wait(nobody, 0, 0, ms);
}
