import type {Broker} from '../broker.ts';
import type {ControlChannel} from '../control-channel.ts';
import {createBusy} from './busy.ts';
import {cancel, type Effect, later, monotonic} from './effect.ts';
import {createLeak} from './leak.ts';
import type {Order, OrderKind, OrderState} from './orders.ts';
import {createRedeliver} from './redeliver.ts';
import {createReorder} from './reorder.ts';

/** What the lab has told this service to do to itself. Nothing that a seam can get hold of leads here. */
export interface Disturbances {
  /** Carries an order out for this long (ms; null: until it is told otherwise), in the place of one of its kind. */
  begin(order: Order, forMs: number | null): void;
  /** Ends what is in force of this kind. */
  end(kind: OrderKind): void;
  /** What has come of the last order of this kind. */
  state(kind: OrderKind): OrderState;
  /** The same broker, whose deliveries these orders concern. */
  wrap(broker: Broker): Broker;
}

/** Orders end by themselves, whoever is still alive, and on time even while one of them blocks the event loop. */
export function createDisturbances(channel: Pick<ControlChannel, 'look'>): Disturbances {
  const redeliver = createRedeliver();
  const reorder = createReorder();
  const effects: {readonly [K in OrderKind]: Effect<K>} = {
    busy: createBusy(() => {
      channel.look();
      endOverdue();
    }),
    leak: createLeak(),
    redeliver,
    reorder,
  };
  const inForce = new Map<OrderKind, {readonly endsAt: number}>();
  const last = new Map<OrderKind, Omit<OrderState, 'inForce'>>();
  let timer: NodeJS.Timeout | undefined;
  let consumes = false;

  const stateOf = (kind: OrderKind): Omit<OrderState, 'inForce'> => {
    const state = effects[kind].state();
    return (kind === 'redeliver' || kind === 'reorder') && !consumes
      ? {...state, note: 'it consumes no stream'}
      : state;
  };

  const end = (kind: OrderKind): void => {
    if (!inForce.delete(kind)) return;
    last.set(kind, stateOf(kind));
    effects[kind].stop();
    wait();
  };

  const endOverdue = (): void => {
    for (const [kind, {endsAt}] of inForce) if (monotonic() >= endsAt) end(kind);
  };

  const wait = (): void => {
    cancel(timer);
    const next = Math.min(...[...inForce.values()].map(({endsAt}) => endsAt));
    if (!Number.isFinite(next)) return;
    timer = later(
      () => {
        endOverdue();
        wait();
      },
      Math.max(1, next - monotonic()),
    );
  };

  const start = <K extends OrderKind>(order: Extract<Order, {readonly kind: K}>): void => {
    (effects[order.kind] as Effect<K>).start(order);
  };

  return {
    begin(order, forMs) {
      inForce.set(order.kind, {endsAt: forMs === null ? Number.POSITIVE_INFINITY : monotonic() + forMs});
      last.delete(order.kind);
      start(order);
      wait();
    },
    end,
    state: kind => ({inForce: inForce.has(kind), ...(last.get(kind) ?? stateOf(kind))}),
    wrap: broker => ({
      ...broker,
      consume(options, handle) {
        consumes = true;
        // Each order of arrival may have its repetitions.
        return broker.consume(options, reorder.wrap(redeliver.wrap(handle)));
      },
    }),
  };
}
